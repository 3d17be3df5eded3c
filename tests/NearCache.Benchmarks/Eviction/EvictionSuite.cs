using BitFaster.Caching.Lfu;
using BitFaster.Caching.Lru;
using BitFaster.Caching.Scheduler;
using NearCache.Remote.Embedded;

namespace NearCache.Benchmarks.Eviction;

/// <summary>
/// How many reads are near hits where there is room for some keys only, beside an exact LRU and the caches of BitFaster.Caching.
/// </summary>
internal static class EvictionSuite
{
    // The size of an entry without its key and value, as the near tier estimates it.
    private const int Overhead = 200;
    private const string KeyPrefix = "key:";

    /// <summary>Measures the synthetic patterns, or the trace that is given.</summary>
    public static async Task RunAsync(Report report)
    {
        if (report.Option("--trace") is { } file)
        {
            if (!int.TryParse(report.Option("--room"), out var room) || room <= 0)
            {
                throw new ArgumentException("--trace needs --room N, the number of entries that there is room for.");
            }

            await MeasureAsync(report, Pattern.Read(file, room));
            return;
        }

        foreach (var pattern in Pattern.Synthetic(report.IsQuick ? 300_000 : 1_000_000))
        {
            await MeasureAsync(report, pattern);
        }
    }

    private static async Task MeasureAsync(Report report, Pattern pattern)
    {
        var name = $"eviction/{pattern.Name}/{pattern.Room}";
        var near = await NearAsync(pattern);
        report.Figure(name, "hits/read", near, Lru(pattern), ">=0.98");
        if (pattern.Sizes is null)
        {
            var room = (int)pattern.Room;
            var lfu = new ConcurrentLfu<int, int>(1, room, new ForegroundScheduler(), EqualityComparer<int>.Default);
            report.Figure($"{name}/lfu", "hits/read", near, Ratio(pattern, key => Read(lfu.TryGet(key, out _), key, lfu.AddOrUpdate)));
            var lru = new ConcurrentLru<int, int>(1, room, EqualityComparer<int>.Default);
            report.Figure(
                $"{name}/concurrent-lru", "hits/read", near, Ratio(pattern, key => Read(lru.TryGet(key, out _), key, lru.AddOrUpdate)));
        }
    }

    private static bool Read(bool isHit, int key, Action<int, int> add)
    {
        if (!isHit)
        {
            add(key, key);
        }

        return isHit;
    }

    private static double Ratio(Pattern pattern, Func<int, bool> isHit) => (double)pattern.Reads.Count(isHit) / pattern.Reads.Length;

    private static double Lru(Pattern pattern)
    {
        var lru = new WeightedLru(pattern.Room);
        return Ratio(pattern, key => lru.Read(key, pattern.Sizes is { } sizes ? Overhead + (2 * KeyOf(key).Length) + sizes[key] : 1));
    }

    // Through the public surface, on a remote in the process that has all keys.
    private static async Task<double> NearAsync(Pattern pattern)
    {
        var remote = new EmbeddedRemote(TimeProvider.System);
        var names = Array.ConvertAll(Enumerable.Range(0, pattern.Keys).ToArray(), KeyOf);
        await using (var writer = Make(remote, entries: 1, bytes: 0))
        {
            for (var key = 0; key < names.Length; key++)
            {
                await writer.SetAsync(names[key], new byte[pattern.Sizes?[key] ?? 1]);
            }
        }

        var (entries, bytes) = pattern.Sizes is null ? ((int)pattern.Room, 0) : (pattern.Keys, pattern.Room);
        await using var cache = Make(remote, entries, bytes);
        var hits = 0;
        foreach (var key in pattern.Reads)
        {
            var read = await cache.GetAsync<byte[]>(names[key]);
            if (!read.HasValue)
            {
                throw new InvalidOperationException($"{names[key]} was not found.");
            }

            hits += read.Source == CacheSource.Near ? 1 : 0;
        }

        return (double)hits / pattern.Reads.Length;
    }

    private static NearCacheClient Make(EmbeddedRemote remote, int entries, long bytes) => new(
        new NearCacheOptions
        {
            Namespace = "bench",
            NearEntries = entries,
            NearBytes = bytes,
            NearLifetime = TimeSpan.FromMinutes(10),
            MaxStaleness = TimeSpan.FromMinutes(10),
            Rules = { new RuleOptions { Name = "all", Match = KeyPrefix + "*" } },
        },
        remote);

    private static string KeyOf(int number) => $"{KeyPrefix}{number:D8}";

    // An exact LRU whose room is a sum of weights.
    private sealed class WeightedLru(long room)
    {
        private readonly Dictionary<int, LinkedListNode<(int Key, int Weight)>> _places = [];
        private readonly LinkedList<(int Key, int Weight)> _recent = [];
        private long _used;

        public bool Read(int key, int weight)
        {
            if (_places.TryGetValue(key, out var place))
            {
                _recent.Remove(place);
                _recent.AddFirst(place);
                return true;
            }

            while (_used + weight > room)
            {
                var (oldest, freed) = _recent.Last!.Value;
                _recent.RemoveLast();
                _places.Remove(oldest);
                _used -= freed;
            }

            _places[key] = _recent.AddFirst((key, weight));
            _used += weight;
            return false;
        }
    }
}
