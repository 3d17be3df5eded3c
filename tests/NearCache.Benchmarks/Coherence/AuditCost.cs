using System.Diagnostics;
using System.Globalization;
using NearCache.Memcached;
using NearCache.TestSupport.Servers;

namespace NearCache.Benchmarks.Coherence;

/// <summary>
/// The load of an idle process on a server, by the server's own counters: the audits, the comparison of identities and the probes. The
/// monitor is off, and so are reports, which go to two servers of the list, however many there are.
/// </summary>
internal static class AuditCost
{
    // Longer than a period of the exchange of identities.
    private static readonly TimeSpan Window = TimeSpan.FromSeconds(30);

    public static async Task MeasureAsync(Report report)
    {
        await using var memcached = await MemcachedProcess.StartNewAsync();
        await using var cache = Caches.Make("audits", memcached.Address, "", Configure);
        await Caches.WarmUpAsync("product:1", cache);
        await Task.Delay(TimeSpan.FromSeconds(3), TimeProvider.System);
        await using var observer = new MemcachedClient(new MemcachedOptions { Servers = { memcached.Address } });
        var before = await AfterAuditAsync(observer);
        var cpu = Process.GetCurrentProcess().TotalProcessorTime;
        var started = Stopwatch.GetTimestamp();
        await Task.Delay(Window, TimeProvider.System);
        var end = await observer.Servers[0].GetStatisticsAsync();
        var elapsed = Stopwatch.GetElapsedTime(started).TotalSeconds;
        cpu = Process.GetCurrentProcess().TotalProcessorTime - cpu;
        var after = await AfterAuditAsync(observer);
        var seconds = Stopwatch.GetElapsedTime(started).TotalSeconds;

        // The look-ups of one audit: the identity, the total, the rules, one segment.
        report.Figure(
            "audit/cost",
            "commands/s",
            (Of(after, "cmd_get") - Of(before, "cmd_get") + Of(after, "cmd_set") - Of(before, "cmd_set")) / seconds,
            aim: "<=4");
        report.Figure(
            "audit/bytes",
            "B/s",
            (Of(end, "bytes_read") - Of(before, "bytes_read") + Of(end, "bytes_written") - Of(before, "bytes_written")) / elapsed);
        report.Figure("audit/cpu", "ms/s", cpu.TotalMilliseconds / elapsed);
    }

    private static void Configure(NearCacheOptions options) => (options.Reports.Enabled, options.Monitor.ChecksPerSecond) = (false, 0);

    // The window begins and ends behind an audit, so that it has whole periods.
    private static async Task<IReadOnlyDictionary<string, string>> AfterAuditAsync(MemcachedClient observer)
    {
        var statistics = await observer.Servers[0].GetStatisticsAsync();
        var gets = Of(statistics, "cmd_get");
        while (Of(statistics, "cmd_get") < gets + 4)
        {
            await Task.Delay(TimeSpan.FromMilliseconds(10), TimeProvider.System);
            statistics = await observer.Servers[0].GetStatisticsAsync();
        }

        return statistics;
    }

    private static double Of(IReadOnlyDictionary<string, string> statistics, string name) =>
        double.Parse(statistics[name], CultureInfo.InvariantCulture);
}
