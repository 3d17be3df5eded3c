using System.Collections.Concurrent;
using System.Diagnostics;
using BitFaster.Caching.Lru;
using Microsoft.Extensions.Caching.Memory;
using NearCache.Remote.Embedded;

namespace NearCache.Benchmarks.Near;

/// <summary>
/// Near hits beside a <see cref="MemoryCache"/>, BitFaster's <c>ConcurrentLru</c> and a bare <see
/// cref="ConcurrentDictionary{TKey,TValue}"/>, at ten thousand and at a million entries, read in random order; and inserts at a million.
/// </summary>
internal static class ScaleSuite
{
    private const int Few = 10_000;
    private const int Many = 1_000_000;
    private const int Inserts = 200_000;
    private const string Value = "a value that is shared, since a string cannot be changed";

    public static async Task RunAsync(Report report)
    {
        await HitsAsync(report, "hit", Few);
        await HitsAsync(report, "hit/million", Many);
    }

    private static async Task HitsAsync(Report report, string name, int count)
    {
        var remote = new EmbeddedRemote(TimeProvider.System);
        var stored = NearSuite.Names(count);
        await using var cache = NearSuite.Make(count, remote);
        foreach (var key in stored)
        {
            await cache.SetAsync(key, Value);
            await cache.GetAsync<string>(key);
        }

        await NearSuite.RemoveFromRemoteAsync(remote, stored);
        var asked = NearSuite.Names(count);
        new Random(1).Shuffle(asked);
        using (var memory = NearSuite.MakeBaseline(stored))
        {
            Compare(report, $"{name}/random", cache, asked, () => NearSuite.GetAllOfBaseline(memory, asked), aim: "<=0.8");
            TwoThreads(report, $"{name}/random/two-threads", cache, asked, () => NearSuite.GetAllOfBaseline(memory, asked));
        }

        if (count == Many && report.IsQuick)
        {
            await InsertAsync(report, cache);
            return;
        }

        var lru = new ConcurrentLru<string, string>(1, count, StringComparer.Ordinal);
        Array.ForEach(stored, key => lru.AddOrUpdate(key, Value));
        Compare(report, $"{name}/random/concurrent-lru", cache, asked, () => GetAll(lru, asked));
        lru.Clear();

        var map = new ConcurrentDictionary<string, string>(StringComparer.Ordinal);
        Array.ForEach(stored, key => map[key] = Value);
        Compare(report, $"{name}/random/concurrent-dictionary", cache, asked, () => GetAll(map, asked));
        map.Clear();
        if (count == Many)
        {
            await InsertAsync(report, cache);
        }
    }

    // All room is taken: each insert evicts an entry.
    private static async Task InsertAsync(Report report, NearCacheClient cache)
    {
        var names = Array.ConvertAll(NearSuite.Names(Inserts), name => name.Replace("product:", "product:new:", StringComparison.Ordinal));
        foreach (var name in names)
        {
            await cache.SetAsync(name, Value);
        }

        var took = new double[Inserts];
        for (var i = 0; i < Inserts; i++)
        {
            var clock = Stopwatch.GetTimestamp();
            await cache.GetAsync<string>(names[i]);
            took[i] = Stopwatch.GetElapsedTime(clock).TotalMicroseconds;
        }

        Array.Sort(took);
        report.Figure("insert/million/p999", "us", took[(int)(Inserts * 0.999)], aim: "<1000");
        var evictions = cache.Snapshot().NearEvictions;
        report.Note($"insert/million: median {took[Inserts / 2]:F1} us, longest {took[^1]:F0} us, {evictions} evictions");
    }

    private static void Compare(Report report, string name, NearCacheClient cache, string[] asked, Func<int> baseline, string? aim = null)
    {
        GC.Collect(GC.MaxGeneration, GCCollectionMode.Forced, blocking: true, compacting: true);
        Func<int> value = () => NearSuite.GetAll(cache, asked);
        Rounds.WarmUp(value, baseline);
        var (values, baselines) = (new List<double>(), new List<double>());
        for (var round = 0; round < report.Rounds; round++)
        {
            baselines.Add(Rounds.Nanoseconds(baseline, asked.Length));
            values.Add(Rounds.Nanoseconds(value, asked.Length));
        }

        report.Figure(name, "ns/op", Report.Median(values), Report.Median(baselines), aim);
    }

    private static void TwoThreads(Report report, string name, NearCacheClient cache, string[] asked, Func<int> baseline)
    {
        var (values, baselines) = (new List<double>(), new List<double>());
        for (var round = 0; round < report.Rounds; round++)
        {
            baselines.Add(Rounds.PerSecondOfTwo(baseline, asked.Length));
            values.Add(Rounds.PerSecondOfTwo(() => NearSuite.GetAll(cache, asked), asked.Length));
        }

        report.Figure(name, "op/s", Report.Median(values), Report.Median(baselines), ">=1.2");
    }

    private static int GetAll(ConcurrentLru<string, string> lru, string[] keys)
    {
        var found = 0;
        foreach (var key in keys)
        {
            if (lru.TryGet(key, out var value))
            {
                found += value!.Length;
            }
        }

        return found;
    }

    private static int GetAll(ConcurrentDictionary<string, string> map, string[] keys)
    {
        var found = 0;
        foreach (var key in keys)
        {
            if (map.TryGetValue(key, out var value))
            {
                found += value.Length;
            }
        }

        return found;
    }
}
