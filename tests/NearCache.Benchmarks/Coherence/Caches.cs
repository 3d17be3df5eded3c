namespace NearCache.Benchmarks.Coherence;

/// <summary>Caches with separate connections and sessions, as in separate processes.</summary>
internal static class Caches
{
    public static NearCacheClient Make(string name, string memcached, string zooKeeper, Action<NearCacheOptions>? configure = null)
    {
        var options = new NearCacheOptions
        {
            Namespace = name,
            RuleLease = TimeSpan.FromSeconds(1.5),
            ChurnBreaker = false,
            NearLifetime = TimeSpan.FromMinutes(10),
            Memcached = { Servers = { memcached } },
            ZooKeeper = { ConnectionString = zooKeeper, SessionTimeout = TimeSpan.FromSeconds(2) },
            Rules = { new RuleOptions { Name = "products", Match = "product:*" } },
            Seams = { TrustFirstCount = true },
        };
        configure?.Invoke(options);
        return new NearCacheClient(options);
    }

    /// <summary>Waits until a key is kept near by all of them.</summary>
    public static async Task WarmUpAsync(string key, params NearCacheClient[] caches)
    {
        var isNear = false;
        while (!isNear)
        {
            await caches[0].SetAsync(key, "first");
            await Task.Delay(TimeSpan.FromMilliseconds(100), TimeProvider.System);
            isNear = true;
            foreach (var cache in caches)
            {
                await cache.GetAsync<string>(key);
                isNear &= (await cache.GetAsync<string>(key)).Source == CacheSource.Near;
            }
        }
    }

    /// <summary>
    /// Waits until every process has joined the members and counted them. Here each trusts its first count; outside tests it assumes a
    /// fleet of 1,000 for its first two minutes and announces at that rate.
    /// </summary>
    public static Task JoinAsync() => Task.Delay(TimeSpan.FromSeconds(8), TimeProvider.System);

    /// <summary>The quantile of sorted or unsorted values.</summary>
    public static double Quantile(IReadOnlyCollection<double> values, double quantile) =>
        values.Order().ElementAt(Math.Min((int)(values.Count * quantile), values.Count - 1));
}
