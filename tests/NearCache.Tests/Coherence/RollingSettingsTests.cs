using System.Diagnostics;
using NearCache.TestSupport;
using NearCache.TestSupport.Servers;

namespace NearCache.Tests.Coherence;

/// <summary>Processes with different settings in one namespace, as during a rolling deployment, on a real memcached.</summary>
public sealed class RollingSettingsTests(ITestOutputHelper output)
{
    // The clock of a hit has a grain.
    private static readonly TimeSpan Grain = TimeSpan.FromMilliseconds(50);

    [Fact]
    public async Task Processes_with_different_MaxStaleness_and_RuleLease_keep_each_its_own_bound()
    {
        await using var memcached = await MemcachedProcess.StartNewAsync();
        await using var strict = Make(memcached, maxStaleness: 3, ruleLease: 1.5);
        await using var loose = Make(memcached, maxStaleness: 10, ruleLease: 4);
        foreach (var cache in new[] { strict, loose })
        {
            await Eventually.BecomesTrueAsync(
                async () =>
                {
                    await cache.GetOrCreateAsync("product:1", _ => ValueTask.FromResult(0L));
                    return (await cache.GetAsync<long>("product:1")).Source == CacheSource.Near;
                },
                "the key is near");
        }

        // Each process writes in turn, and both read. Values only grow.
        var (completed, hits, oldest) = (new List<(long At, long Value)>(), 0, TimeSpan.Zero);
        for (var value = 1; value <= 6; value++)
        {
            await (value % 2 == 0 ? strict : loose).SetAsync("product:1", (long)value);
            completed.Add((Stopwatch.GetTimestamp(), value));
            for (var i = 0; i < 60; i++)
            {
                foreach (var (cache, bound) in new[] { (strict, TimeSpan.FromSeconds(3)), (loose, TimeSpan.FromSeconds(10)) })
                {
                    var called = Stopwatch.GetTimestamp();
                    var read = await cache.GetAsync<long>("product:1");
                    if (read.Source == CacheSource.Near && completed.FirstOrDefault(write => write.Value > read.Value) is { At: > 0 } newer)
                    {
                        var age = Stopwatch.GetElapsedTime(newer.At, called);
                        oldest = age > oldest ? age : oldest;
                        Assert.True(age <= bound + Grain, $"{read.Value} was served near {age} after {newer.Value} was complete");
                    }

                    hits += read.Source == CacheSource.Near ? 1 : 0;
                }

                await Task.Delay(TimeSpan.FromMilliseconds(10), TimeProvider.System);
            }
        }

        output.WriteLine(
            $"[FIGURE] different MaxStaleness and RuleLease: {hits} near hits, the oldest value {oldest.TotalSeconds:0.00} s old");
        Assert.True(hits > 0, "nothing was near");
    }

    private static NearCacheClient Make(MemcachedProcess memcached, double maxStaleness, double ruleLease) => new(new NearCacheOptions
    {
        Namespace = "rolling",
        MaxStaleness = TimeSpan.FromSeconds(maxStaleness),
        RuleLease = TimeSpan.FromSeconds(ruleLease),
        ChurnBreaker = false,
        Memcached = { Servers = { memcached.Address } },
        Rules = { new RuleOptions { Name = "products", Match = "product:*" } },
    });
}
