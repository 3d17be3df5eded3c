using System.Collections.Concurrent;
using System.Runtime.CompilerServices;
using NearCache.Coherence.Core;

namespace NearCache.Near;

/// <summary>The latest values that this process read or created, served as stale when neither memcached nor the source answers.</summary>
/// <remarks>
/// <para>
/// Values are added to the young map. When that holds half of the capacity, it replaces the old map. So the newest values are kept, and no
/// call pays for an eviction. The memory counts in the <see cref="MemoryBudget"/>.
/// </para>
/// <para>
/// An invalidation drops its key. A read that began before does not restore it: the key's epoch is taken before the read and compared when
/// the value is in the map.
/// </para>
/// </remarks>
internal sealed class StaleStore : IMemoryUser, IDisposable
{
    private const int Stripes = 1024;

    // The node of the map, the entry, and the header of the key.
    private const int Overhead = 150;

    // The buckets that a map has from the beginning, so that it need not grow under the lock.
    private const int MaxBuckets = 1 << 20;

    private readonly Lock _lock = new();   // guards changes of the maps, and the counts
    private readonly long[] _epochs = new long[Stripes];
    private readonly NearClock _clock;
    private readonly SharedTypes _shared;
    private readonly MemoryBudget _memory;
    private Maps _maps = new(new(), new());
    private int _capacity;
    private bool _isUsed;
    private bool _isDisposed;

    /// <summary>Creates an empty store.</summary>
    /// <param name="capacity">The largest number of values.</param>
    /// <param name="memory">The budget of memory. Default: that of the process.</param>
    public StaleStore(int capacity, NearClock clock, SharedTypes shared, MemoryBudget? memory = null)
    {
        (_capacity, _clock, _shared, _memory) = (capacity, clock, shared, memory ?? MemoryBudget.Process);
        _memory.Join(this);
    }

    /// <summary>Gets or sets the largest number of values.</summary>
    public int Capacity
    {
        get => Volatile.Read(ref _capacity);
        set => Volatile.Write(ref _capacity, value);
    }

    /// <summary>Gets the number of values.</summary>
    public int Count
    {
        get
        {
            var maps = Volatile.Read(ref _maps);
            return maps.Young.Count + maps.Old.Count;
        }
    }

    /// <summary>Gets the estimated memory of the values.</summary>
    public long Bytes
    {
        get
        {
            var maps = Volatile.Read(ref _maps);
            return maps.Young.Bytes + maps.Old.Bytes;
        }
    }

    /// <summary>Returns the key's epoch. Must be called before the key's item is read.</summary>
    public long EpochOf(KeyHash hash) => Volatile.Read(ref _epochs[hash.Stripe(Stripes)]);

    /// <summary>Keeps a value that was read or created after <paramref name="epoch"/> was taken.</summary>
    /// <param name="key">The key.</param>
    /// <param name="hash">Its hash.</param>
    /// <param name="epoch">The result of <see cref="EpochOf"/>.</param>
    /// <param name="value">The value.</param>
    /// <param name="bytes">The value as stored on the remote; empty if unknown.</param>
    /// <param name="codec">The codec of the value.</param>
    public void Keep<T>(string key, KeyHash hash, long epoch, T? value, ReadOnlyMemory<byte> bytes, ValueCodec<T> codec)
    {
        if (bytes.IsEmpty && value is not null and not string)
        {
            bytes = codec.Encode(value);
        }

        object? kept = _shared.Has<T>() || value is null ? value : new SerializedValue(bytes, codec);
        var size = Overhead + ((long)sizeof(char) * key.Length) + SizeOf(kept, value, bytes, codec);
        if (size > _memory.Limit)
        {
            Drop(key, hash);
            return;
        }

        lock (_lock)
        {
            if (_isDisposed)
            {
                return;
            }

            if (!_isUsed)
            {
                _isUsed = true;
                Volatile.Write(ref _maps, new Maps(NewYoung(), new()));
            }

            var young = _maps.Young;
            var previous = young.Values.TryGetValue(key, out var known) ? known.Bytes : 0;
            young.Values[key] = new Entry(kept, _clock.Monotonic(), size);
            Add(young, previous == 0 ? 1 : 0, size - previous);
            RemoveFrom(_maps.Old, key);
            if (EpochOf(hash) != epoch)
            {
                Remove(key);
            }
            else if (young.Count >= Math.Max(1, Capacity / 2))
            {
                Add(_maps.Old, -_maps.Old.Count, -_maps.Old.Bytes);
                Volatile.Write(ref _maps, new Maps(NewYoung(), young));
            }
        }

        if (_memory.Used > _memory.Limit)
        {
            _memory.Enforce();
        }
    }

    /// <summary>Finds a value of at most the age <paramref name="atMost"/>.</summary>
    public bool TryGet<T>(string key, TimeSpan atMost, out CacheResult<T> result)
    {
        result = default;
        var maps = Volatile.Read(ref _maps);
        if (atMost <= TimeSpan.Zero || !(maps.Young.Values.TryGetValue(key, out var entry) || maps.Old.Values.TryGetValue(key, out entry)))
        {
            return false;
        }

        var age = Math.Max(_clock.Monotonic() - entry.At, 0);
        if (age > atMost.TotalMilliseconds || !NearStore.TryTake<T>(entry.Value, out var value))
        {
            return false;
        }

        result = new CacheResult<T>(value!, CacheSource.Stale, (int)age, CacheVersion.None);
        return true;
    }

    /// <summary>Drops a key that was written or removed. No read in progress restores it.</summary>
    /// <returns>The key's new epoch.</returns>
    public long Drop(string key, KeyHash hash)
    {
        var epoch = Interlocked.Increment(ref _epochs[hash.Stripe(Stripes)]);

        // A value that is added after this check sees the new epoch.
        var maps = Volatile.Read(ref _maps);
        if (maps.Young.Values.ContainsKey(key) || maps.Old.Values.ContainsKey(key))
        {
            lock (_lock)
            {
                Remove(key);
            }
        }

        return epoch;
    }

    /// <summary>Drops the old map, and the young map if that is not enough, because the process needs the memory.</summary>
    public long Release(long bytes)
    {
        lock (_lock)
        {
            var before = Bytes;
            var (young, old) = (_maps.Young, _maps.Old);
            Add(old, -old.Count, -old.Bytes);
            if (before - Bytes < bytes)
            {
                Add(young, -young.Count, -young.Bytes);
                (young, _isUsed) = (new(), false);
            }

            Volatile.Write(ref _maps, new Maps(young, new()));
            return before - Bytes;
        }
    }

    /// <summary>Drops all values. Later values are refused.</summary>
    public void Dispose()
    {
        lock (_lock)
        {
            _isDisposed = true;
        }

        Release(long.MaxValue);
        _memory.Leave(this);
    }

    private static long SizeOf<T>(object? kept, T? value, ReadOnlyMemory<byte> bytes, ValueCodec<T> codec) => kept switch
    {
        string text => (long)sizeof(char) * text.Length,
        SerializedValue encoded => encoded.Bytes.Length,
        not null when RuntimeHelpers.IsReferenceOrContainsReferences<T>() => codec.MemoryOf(value!, bytes),
        _ => bytes.Length,
    };

    private Map NewYoung() => new(Math.Min(Capacity / 2, MaxBuckets));

    // Requires _lock.
    private void Remove(string key)
    {
        RemoveFrom(_maps.Young, key);
        RemoveFrom(_maps.Old, key);
    }

    // Requires _lock.
    private void RemoveFrom(Map map, string key)
    {
        if (map.Values.TryRemove(key, out var entry))
        {
            Add(map, -1, -entry.Bytes);
        }
    }

    // Requires _lock.
    private void Add(Map map, int values, long bytes)
    {
        map.Count += values;
        map.Bytes += bytes;
        _memory.Count(bytes);
    }

    private sealed record Entry(object? Value, long At, long Bytes);

    private sealed record Maps(Map Young, Map Old);

    private sealed class Map(int buckets = 0)
    {
        private int _count;
        private long _bytes;

        // All writes hold the lock of the store.
        public ConcurrentDictionary<string, Entry> Values { get; } = new(concurrencyLevel: 1, buckets, StringComparer.Ordinal);

        public int Count
        {
            get => Volatile.Read(ref _count);
            set => Volatile.Write(ref _count, value);
        }

        public long Bytes
        {
            get => Volatile.Read(ref _bytes);
            set => Volatile.Write(ref _bytes, value);
        }
    }
}
