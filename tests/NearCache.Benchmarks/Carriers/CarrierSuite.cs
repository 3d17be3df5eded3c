using NearCache.TestSupport.Servers;

namespace NearCache.Benchmarks.Carriers;

/// <summary>
/// The carriers of announcements by turns, beside FusionCache with its Redis backplane, on real servers that the suite starts.
/// </summary>
internal static class CarrierSuite
{
    public static async Task RunAsync(Report report)
    {
        await using var memcached = await MemcachedProcess.StartNewAsync();
        await using var ensemble = await ZooKeeperEnsemble.StartNewAsync(settings: ["forceSync=yes"]);
        await using var broker = await RabbitMqProcess.StartNewAsync();
        await using var redis = await RedisProcess.StartNewAsync();
        await CarrierLatency.MeasureAsync(report, memcached, ensemble, broker, redis);
        await CarrierFlood.MeasureAsync(report, broker);
        await MutationStream.MeasureAsync(report);
    }
}
