using System.Diagnostics;
using Microsoft.Extensions.Caching.Memory;
using NearCache.Remote.Embedded;

namespace NearCache.Benchmarks.Near;

/// <summary>A million keys: what an entry costs, and what becomes of them where there is room for a twentieth.</summary>
internal static class Crowd
{
    private const int Keys = 1_000_000;
    private const int Room = 50_000;

    public static async Task RunAsync(Report report)
    {
        // Names are held by whoever asks, and an empty string is the same everywhere: what is measured is what holds them together.
        var names = NearSuite.Names(Keys);
        var remote = new EmbeddedRemote(TimeProvider.System);
        await using (var writer = NearSuite.Make(Room, remote))
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
        cache.DisposeAsync().AsTask().GetAwaiter().GetResult();
    }

    // The fills are timed one by one, and so are the victims that they take.
    private static async Task AtCapacityAsync(Report report, string[] names, EmbeddedRemote remote)
    {
        const int warmUp = 1_000_000;
        const int asked = 2_000_000;
        await using var cache = NearSuite.Make(Room, remote);
        var lru = new LeastRecentlyUsed(Room);
        var zipf = new Zipf(Keys, 0.99);
        var (hits, lruHits) = (0, 0);
        var puts = new List<double>(asked);
        for (var i = 0; i < warmUp + asked; i++)
        {
            var number = zipf.Next();
            var clock = Stopwatch.GetTimestamp();
            var source = (await cache.GetAsync<string>(names[number])).Source;
            var took = Stopwatch.GetElapsedTime(clock);
            var isLruHit = lru.Holds(number);
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
