using NearCache.TestSupport.Servers;

namespace NearCache.Benchmarks.Coherence;

/// <summary>What keeping near entries right costs, and how fast it is, on real servers that the suite starts.</summary>
internal static class CoherenceSuite
{
    public static async Task RunAsync(Report report)
    {
        await using var memcached = await MemcachedProcess.StartNewAsync();
        await using var ensemble = await ZooKeeperEnsemble.StartNewAsync();
        await InvalidationLatency.MeasureAsync(report, memcached, ensemble);
        await SetOverhead.MeasureAsync(report, memcached);
        await Flood.MeasureAsync(report, ensemble);
        if (!report.IsQuick)
        {
            await AuditCost.MeasureAsync(report);
        }
    }
}
