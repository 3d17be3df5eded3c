using System.Diagnostics;
using System.Text;
using Microsoft.Extensions.Caching.Hybrid;
using Microsoft.Extensions.Caching.Memory;
using NearCache.Coherence.Ledger;
using NearCache.Memcached.Protocol;
using NearCache.Remote.Embedded;

namespace NearCache.Benchmarks.Near;

/// <summary>Compares the near tier with a <see cref="MemoryCache"/>: the same keys, alternating, in one run.</summary>
internal static class NearSuite
{
    private const int Keys = 10_000;
    private const int KeysOfOneCall = 100;
    private const string Namespace = "bench";
    private const string Value = "a value that is shared, since a string cannot be changed";

    /// <summary>Near hits of <c>INearCache</c>.</summary>
    public static async Task HitsAsync(Report report)
    {
        var remote = new EmbeddedRemote(TimeProvider.System);
        await using var cache = Make(capacity: 100_000, remote);
        var stored = Names();
        using var bare = MakeBaseline(stored);
        foreach (var key in stored)
        {
            await cache.SetAsync(key, Value);
            await cache.GetAsync<string>(key);
        }

        await RemoveFromRemoteAsync(remote, stored);

        // Equal keys in other instances, as requests bring them.
        var asked = Names();
        var groups = asked.Chunk(KeysOfOneCall).ToArray();
        Hits(
            report,
            new("hit/get", "<=0.55", () => GetAll(cache, asked), () => GetAllOfBaseline(bare, asked)),
            new("hit/getorcreate", "<=0.55", () => GetOrCreateAll(cache, asked), () => GetAllOfBaseline(bare, asked)),
            new("hit/getmany", "<=1.3", () => GetManyAll(cache, groups), () => GetAll(cache, asked)));
        TwoThreads(report, cache, bare, asked);
    }

    internal static NearCacheClient Make(int capacity, EmbeddedRemote? remote = null, KeyVisibility keys = KeyVisibility.Hashed) => new(
        new NearCacheOptions
        {
            Namespace = Namespace,
            NearEntries = capacity,
            NearLifetime = TimeSpan.FromMinutes(10),
            MaxStaleness = TimeSpan.FromMinutes(10),
            Rules = { new RuleOptions { Name = "all", Match = "product:*" }, new RuleOptions { Name = "hybrid", Match = "h:*" } },
            Reports = { Keys = keys },
        },
        remote ?? new EmbeddedRemote(TimeProvider.System));

    internal static string[] Names(int count = Keys) =>
        [.. Enumerable.Range(0, count).Select(i => string.Create(24, i, static (span, number) =>
    {
        "product:0000000000000000".CopyTo(span);
        number.TryFormat(span[14..], out _, "D10", System.Globalization.CultureInfo.InvariantCulture);
    }))];

    internal static MemoryCache MakeBaseline(string[] keys)
    {
        var bare = new MemoryCache(new MemoryCacheOptions());
        Array.ForEach(keys, key => bare.Set(key, Value, TimeSpan.FromMinutes(10)));
        return bare;
    }

    // The items of a real remote are in another process. Removing them keeps the near entries adjacent in memory.
    internal static async Task RemoveFromRemoteAsync(EmbeddedRemote remote, IEnumerable<string> keys)
    {
        foreach (var key in keys)
        {
            var removed = await remote.Servers[0].ExecuteAsync(
                MetaCommand.Delete(Encoding.UTF8.GetBytes(NamespacePrefix.DefaultOf(Namespace) + key)), CancellationToken.None);
            if (removed.Status != MetaStatus.Ok)
            {
                throw new InvalidOperationException($"{key} is not on the remote.");
            }
        }
    }

    internal static int GetAllOfBaseline(MemoryCache bare, string[] keys)
    {
        var found = 0;
        foreach (var key in keys)
        {
            if (bare.TryGetValue(key, out string? value))
            {
                found += value!.Length;
            }
        }

        return found;
    }

    internal static int GetAll(NearCacheClient cache, string[] keys)
    {
        var found = 0;
        foreach (var key in keys)
        {
            var read = cache.GetAsync<string>(key);
            if (!read.IsCompletedSuccessfully || read.Result is not { Source: CacheSource.Near } hit)
            {
                throw new InvalidOperationException($"{key} is not near.");
            }

            found += hit.Value!.Length;
        }

        return found;
    }

    private static int GetManyAll(NearCacheClient cache, string[][] groups)
    {
        var found = 0;
        foreach (var group in groups)
        {
            found += Count(cache.GetManyAsync<string>(group));
        }

        return found == Keys ? found : throw new InvalidOperationException("Not all are near.");

        static int Count(ValueTask<IReadOnlyDictionary<string, CacheResult<string>>> read) => read.Result.Count;
    }

    private static int GetOrCreateAll(NearCacheClient cache, string[] keys)
    {
        var found = 0;
        foreach (var key in keys)
        {
            var read = cache.GetOrCreateAsync<string>(key, static _ => throw new InvalidOperationException("It is near."));
            found += Length(read);
        }

        return found;

        static int Length(ValueTask<string> read) => read.Result.Length;
    }

    /// <summary>Near hits through <c>HybridCache</c>.</summary>
    public static async Task HybridAsync(Report report)
    {
        var (stored, asked) = (Names(), Names());
        using var bare = MakeBaseline(stored);

        // Each cache has as many keys as the baseline.
        var (remote, otherRemote) = (new EmbeddedRemote(TimeProvider.System), new EmbeddedRemote(TimeProvider.System));
        await using var cache = Make(capacity: 100_000, remote);
        await using var other = Make(capacity: 100_000, otherRemote);
        HybridCache hybrid = new NearHybridCache(cache);
        HybridCache tagged = new NearHybridCache(other);
        var askedTagged = Array.ConvertAll(asked, key => key.Replace("product:", "tagged-:", StringComparison.Ordinal));
        for (var i = 0; i < stored.Length; i++)
        {
            await hybrid.GetOrCreateAsync(stored[i], static _ => ValueTask.FromResult(Value));
            await tagged.GetOrCreateAsync(
                new string(askedTagged[i]), static _ => ValueTask.FromResult(Value), tags: ["products", $"shelf-{i % 100}"]);
        }

        await RemoveFromRemoteAsync(remote, stored.Select(key => $"h:{key}"));
        await RemoveFromRemoteAsync(otherRemote, askedTagged.Select(key => $"h:{key}"));
        Hits(
            report,
            new("hit/hybrid", "<=1.1", () => HybridAll(hybrid, asked), () => GetAllOfBaseline(bare, asked)),
            new("hit/hybrid-state", "<=1.5", () => HybridStateAll(hybrid, asked), () => GetAllOfBaseline(bare, asked)),
            new("hit/hybrid-tagged", "<=1.6", () => HybridAll(tagged, askedTagged), () => HybridAll(hybrid, asked)));
    }

    private static int HybridAll(HybridCache cache, string[] keys)
    {
        var found = 0;
        foreach (var key in keys)
        {
            var read = cache.GetOrCreateAsync<string>(key, static _ => throw new InvalidOperationException("It is near."));
            found += Length(read);
        }

        return found;

        static int Length(ValueTask<string> read) => read.Result.Length;
    }

    // With a state for the factory: the overload without one includes the cost of the abstract class.
    private static int HybridStateAll(HybridCache cache, string[] keys)
    {
        var found = 0;
        foreach (var key in keys)
        {
            var read = cache.GetOrCreateAsync<int, string>(key, found, static (_, _) => throw new InvalidOperationException("It is near."));
            found += Length(read);
        }

        return found;

        static int Length(ValueTask<string> read) => read.Result.Length;
    }

    private static void Hits(Report report, params Hit[] all)
    {
        // Compacts the heap, as after some time of a process: otherwise the first rounds would measure the layout that the setup left.
        GC.Collect(GC.MaxGeneration, GCCollectionMode.Forced, blocking: true, compacting: true);
        foreach (var hit in all)
        {
            Rounds.WarmUp(hit.Value, hit.Baseline);
        }

        // Alternates between all, so that a disturbance of a second or two does not affect only one of them.
        for (var round = 0; round < report.Rounds * 3; round++)
        {
            foreach (var hit in all)
            {
                hit.Baselines.Add(Rounds.Nanoseconds(hit.Baseline, Keys));
                hit.Values.Add(Rounds.Nanoseconds(hit.Value, Keys));
            }
        }

        foreach (var hit in all)
        {
            var before = GC.GetAllocatedBytesForCurrentThread();
            hit.Value();
            var bytes = (double)(GC.GetAllocatedBytesForCurrentThread() - before) / Keys;
            report.Figure(hit.Name, "ns/op", Report.Median(hit.Values), Report.Median(hit.Baselines), hit.Aim, bytes);
        }
    }

    private static void TwoThreads(Report report, NearCacheClient cache, MemoryCache bare, string[] keys)
    {
        var values = new List<double>();
        var baselines = new List<double>();
        for (var round = 0; round < report.Rounds; round++)
        {
            baselines.Add(Rounds.PerSecondOfTwo(() => GetAllOfBaseline(bare, keys), keys.Length));
            values.Add(Rounds.PerSecondOfTwo(() => GetAll(cache, keys), keys.Length));
        }

        report.Figure("hit/two-threads", "op/s", Report.Median(values), Report.Median(baselines), ">=1.5");
    }

    /// <summary>Reads that find a value on the remote and keep it near.</summary>
    public static async Task FillAsync(Report report)
    {
        // Each round is short, and tiered compilation needs idle time before it optimizes frequent calls.
        var values = new List<double>();
        var uncounted = new List<double>();
        var baselines = new List<double>();
        var warmUp = Stopwatch.StartNew();
        while (values.Count < Math.Max(report.Rounds, 15))
        {
            var isWarm = warmUp.Elapsed > TimeSpan.FromSeconds(6);
            if (!isWarm)
            {
                await Task.Delay(50);
            }

            using var bare = new MemoryCache(new MemoryCacheOptions());
            var keys = Names();
            GC.Collect();
            var baseline = Rounds.NanosecondsOnce(() => FillBaseline(bare, keys), keys.Length);
            var value = await FillAsync(keys, KeyVisibility.Hashed);
            var without = await FillAsync(keys, KeyVisibility.None);
            if (isWarm)
            {
                baselines.Add(baseline);
                values.Add(value);
                uncounted.Add(without);
            }
        }

        report.Figure("fill/embedded", "ns/op", Report.Median(values), Report.Median(baselines), "<=2.6");
        report.Figure("fill/uncounted", "ns/op", Report.Median(uncounted), Report.Median(baselines));
    }

    private static async Task<double> FillAsync(string[] keys, KeyVisibility counted)
    {
        await using var cache = Make(capacity: 100_000, keys: counted);
        foreach (var key in keys)
        {
            await cache.SetAsync(key, Value);
        }

        GC.Collect();
        return Rounds.NanosecondsOnce(() => FillNear(cache, keys), keys.Length);
    }

    private static void FillBaseline(MemoryCache bare, string[] keys)
    {
        foreach (var key in keys)
        {
            if (!bare.TryGetValue(key, out string? _))
            {
                // A new instance, as deserialization creates one.
                bare.Set(key, new string(Value), TimeSpan.FromMinutes(10));
            }
        }
    }

    // The embedded remote answers before the call returns.
    internal static void FillNear(NearCacheClient cache, string[] keys)
    {
        foreach (var key in keys)
        {
            var read = cache.GetAsync<string>(key);
            if (!read.IsCompletedSuccessfully || read.Result.Source != CacheSource.Remote)
            {
                throw new InvalidOperationException($"{key} was not read from the remote.");
            }
        }
    }

    // Value and Baseline each read all keys once.
    private sealed record Hit(string Name, string Aim, Func<int> Value, Func<int> Baseline)
    {
        public List<double> Values { get; } = [];

        public List<double> Baselines { get; } = [];
    }
}
