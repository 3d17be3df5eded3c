using System.Diagnostics;
using BitFaster.Caching.Lru;
using Microsoft.Extensions.Caching.Memory;
using NearCache.Remote.Embedded;

namespace NearCache.Benchmarks.Near;

/// <summary>A million keys: the memory of an entry, and the hit ratio and the cost of fills with a capacity of a twentieth.</summary>
internal static class CapacitySuite
{
    private const int Keys = 1_000_000;
    private const int Capacity = 50_000;

    public static async Task RunAsync(Report report)
    {
        // The benchmark holds the names, and all values are the same empty string: only the cache's own memory is measured.
        var names = NearSuite.Names(Keys);
        var remote = new EmbeddedRemote(TimeProvider.System);
        await using (var writer = NearSuite.Make(Capacity, remote))
        {
            foreach (var name in names)
            {
                await writer.SetAsync(name, "");
            }
        }

        EntryBytes(report, names, remote);
        await AtCapacityAsync(report, names, remote);
    }

    private static void EntryBytes(Report report, string[] names, EmbeddedRemote remote)
    {
        using var bare = new MemoryCache(new MemoryCacheOptions());
        var baseline = Rounds.BytesHeldBy(() =>
        {
            foreach (var name in names)
            {
                bare.Set(name, "", TimeSpan.FromMinutes(10));
            }
        });
        var cache = NearSuite.Make(2 * Keys, remote);
        var value = Rounds.BytesHeldBy(() => NearSuite.FillNear(cache, names));
        if (cache.Snapshot().NearEntries != Keys)
        {
            throw new InvalidOperationException("Not all are near.");
        }

        report.Figure("entry-bytes", "B", value / Keys, baseline / Keys, "<=0.95");
        var lru = new ConcurrentLru<string, string>(1, Keys, StringComparer.Ordinal);
        var others = Rounds.BytesHeldBy(() => Array.ForEach(names, name => lru.AddOrUpdate(name, "")));
        report.Figure("entry-bytes/concurrent-lru", "B", value / Keys, others / Keys);
        GC.KeepAlive(lru);
        cache.DisposeAsync().AsTask().GetAwaiter().GetResult();
    }

    // Each fill is timed separately, with the evictions that it causes.
    private static async Task AtCapacityAsync(Report report, string[] names, EmbeddedRemote remote)
    {
        const int warmUp = 1_000_000;
        const int asked = 2_000_000;
        await using var cache = NearSuite.Make(Capacity, remote);
        var lru = new ExactLru(Capacity);
        var zipf = new Zipf(Keys, 0.99);
        var (hits, lruHits) = (0, 0);
        var puts = new List<double>(asked);
        for (var i = 0; i < warmUp + asked; i++)
        {
            var number = zipf.Next();
            var clock = Stopwatch.GetTimestamp();
            var source = (await cache.GetAsync<string>(names[number])).Source;
            var took = Stopwatch.GetElapsedTime(clock);
            var isLruHit = lru.Access(number);
            if (i >= warmUp)
            {
                hits += source == CacheSource.Near ? 1 : 0;
                lruHits += isLruHit ? 1 : 0;
                if (source == CacheSource.Remote)
                {
                    puts.Add(took.TotalMicroseconds);
                }
            }
        }

        puts.Sort();
        report.Figure("hit-ratio/at-capacity", "hits/read", (double)hits / asked, (double)lruHits / asked, ">=0.98");
        report.Figure("fill/at-capacity/p999", "us", puts[(int)(puts.Count * 0.999)], aim: "<1000");
    }
}
