using System.Diagnostics;
using NearCache.TestSupport.Servers;

namespace NearCache.Benchmarks.Coherence;

/// <summary>The cost of the two increments of a write, beside a plain write of the same client.</summary>
internal static class SetOverhead
{
    public static async Task MeasureAsync(Report report, MemcachedProcess memcached)
    {
        await using var cache = Caches.Make("overhead", memcached.Address, "");
        await Caches.WarmUpAsync("product:1", cache);
        var (values, baselines) = (new List<double>(), new List<double>());
        await RoundAsync(cache, "product:2", 2000);
        await RoundAsync(cache, "basket:2", 2000);
        for (var round = 0; round < report.Rounds; round++)
        {
            baselines.Add(await RoundAsync(cache, "basket:2", 2000));
            values.Add(await RoundAsync(cache, "product:2", 2000));
        }

        report.Figure("set/overhead", "us", Report.Median(values), Report.Median(baselines), "<=1.3");
    }

    private static async Task<double> RoundAsync(NearCacheClient cache, string key, int sets)
    {
        var started = Stopwatch.GetTimestamp();
        for (var i = 0; i < sets; i++)
        {
            await cache.SetAsync(key, "a value of some length, as values have it");
        }

        return Stopwatch.GetElapsedTime(started).TotalMicroseconds / sets;
    }
}
