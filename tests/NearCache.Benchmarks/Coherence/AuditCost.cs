using System.Diagnostics;
using System.Globalization;
using NearCache.Memcached;
using NearCache.TestSupport.Servers;

namespace NearCache.Benchmarks.Coherence;

/// <summary>The load of an idle process on a server, by the server's own counters.</summary>
internal static class AuditCost
{
    public static async Task MeasureAsync(Report report)
    {
        await using var memcached = await MemcachedProcess.StartNewAsync();
        await using var cache = Caches.Make("audits", memcached.Address, "");
        await Caches.WarmUpAsync("product:1", cache);
        await Task.Delay(TimeSpan.FromSeconds(3), TimeProvider.System);
        await using var observer = new MemcachedClient(new MemcachedOptions { Servers = { memcached.Address } });
        var before = await observer.Servers[0].GetStatisticsAsync();
        var cpu = Process.GetCurrentProcess().TotalProcessorTime;
        var started = Stopwatch.GetTimestamp();
        await Task.Delay(TimeSpan.FromSeconds(10), TimeProvider.System);
        var after = await observer.Servers[0].GetStatisticsAsync();
        var seconds = Stopwatch.GetElapsedTime(started).TotalSeconds;
        cpu = Process.GetCurrentProcess().TotalProcessorTime - cpu;

        // The look-ups of one audit: the identity, the total, the rules, one segment.
        report.Figure(
            "audit/cost",
            "commands/s",
            (Of(after, "cmd_get") - Of(before, "cmd_get") + Of(after, "cmd_set") - Of(before, "cmd_set")) / seconds,
            aim: "<=4.1");
        report.Figure(
            "audit/bytes",
            "B/s",
            (Of(after, "bytes_read") - Of(before, "bytes_read") + Of(after, "bytes_written") - Of(before, "bytes_written")) / seconds);
        report.Figure("audit/cpu", "ms/s", cpu.TotalMilliseconds / seconds);
    }

    private static double Of(IReadOnlyDictionary<string, string> statistics, string name) =>
        double.Parse(statistics[name], CultureInfo.InvariantCulture);
}
