using NearCache.TestSupport.Servers;

namespace NearCache.Benchmarks.Coherence;

/// <summary>The cost and latency of coherence, on real servers that the suite starts.</summary>
internal static class CoherenceSuite
{
    public static async Task RunAsync(Report report)
    {
        await using var memcached = await MemcachedProcess.StartNewAsync();
        await using var ensemble = await ZooKeeperEnsemble.StartNewAsync(settings: ["forceSync=yes"]);
        await InvalidationLatency.MeasureAsync(report, memcached, ensemble);

        // The processes of the flood join meanwhile; idle processes cause almost no load.
        await using var flood = await WriteFlood.StartAsync(ensemble);
        var joining = Caches.JoinAsync();
        await InvalidationLatency.MeasureWithoutZooKeeperAsync(report, memcached);
        await SetOverhead.MeasureAsync(report, memcached);
        await joining;
        await flood.MeasureAsync(report);
        await ReportCost.MeasureAsync(report);
        if (!report.IsQuick)
        {
            await AuditCost.MeasureAsync(report);
        }
    }
}
