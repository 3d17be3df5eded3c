using NearCache.TestSupport.Servers;

namespace NearCache.Benchmarks.Coherence;

/// <summary>The processor time and the memory that one report of a process takes, both copies and a detail with every second one.</summary>
internal static class ReportCost
{
    private const int WarmUp = 2_000;

    public static async Task MeasureAsync(Report report)
    {
        await using var one = await MemcachedProcess.StartNewAsync();
        await using var other = await MemcachedProcess.StartNewAsync();
        await using var cache = Caches.Make("reports", one.Address, "", options =>
        {
            options.Memcached.Servers.Add(other.Address);
            for (var rule = 1; rule < 12; rule++)
            {
                options.Rules.Add(new RuleOptions { Name = $"rule-{rule}", Match = $"kind-{rule}:*" });
            }
        });
        await Caches.WarmUpAsync("product:1", cache);
        var publisher = cache.Parts.ReportPublisher!;
        NearCache.Reports.ReportThread.Remove(publisher.Tick);
        await PublishAsync(publisher, WarmUp);
        var count = report.IsQuick ? 2_000 : 20_000;
        var (cpu, bytes) = (Environment.CpuUsage.TotalTime, GC.GetTotalAllocatedBytes());
        await PublishAsync(publisher, count);
        cpu = Environment.CpuUsage.TotalTime - cpu;
        bytes = GC.GetTotalAllocatedBytes() - bytes;
        report.Figure("report/cpu", "us", cpu.TotalMicroseconds / count, aim: "<=5000", bytesPerOp: (double)bytes / count);
    }

    private static async Task PublishAsync(NearCache.Reports.ReportPublisher publisher, int count)
    {
        for (var i = 0; i < count; i++)
        {
            await publisher.PublishAsync();
        }
    }
}
