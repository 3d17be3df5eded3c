using NearCache.TestSupport.Servers;

namespace NearCache.Benchmarks.Carriers;

/// <summary>
/// The carriers of announcements by turns, beside FusionCache with its Redis backplane; a flood of writes; and memcached's own stream of
/// mutations. Each part starts the servers that it needs.
/// </summary>
internal static class CarrierSuite
{
    public static async Task LatencyAsync(Report report)
    {
        await using var memcached = await MemcachedProcess.StartNewAsync();
        await using var ensemble = await ZooKeeperEnsemble.StartNewAsync(settings: ["forceSync=yes"]);
        await using var broker = await RabbitMqProcess.StartNewAsync();
        await using var redis = await RedisProcess.StartNewAsync();
        await CarrierLatency.MeasureAsync(report, memcached, ensemble, broker, redis);
    }

    public static async Task StagesAsync(Report report)
    {
        await using var broker = await RabbitMqProcess.StartNewAsync();
        await CarrierStages.MeasureAsync(report, broker);
    }

    public static async Task LimitAsync(Report report)
    {
        await using var ensemble = await ZooKeeperEnsemble.StartNewAsync(settings: ["forceSync=yes"]);
        await using var broker = await RabbitMqProcess.StartNewAsync();
        await CarrierLimit.MeasureAsync(report, ensemble, broker);
    }

    public static async Task FloodAsync(Report report)
    {
        await using var broker = await RabbitMqProcess.StartNewAsync();
        await CarrierFlood.MeasureAsync(report, broker);
    }
}
