using System.Collections.Concurrent;
using NearCache.Coherence.Core;

namespace NearCache.Near;

/// <summary>
/// The last values that this process knew of, for when neither memcached nor the source can be asked. Nothing here is fresh; whoever serves
/// it says so.
/// </summary>
/// <remarks>
/// <para>
/// Two maps: what is kept goes into the young one; when that holds half of what there is room for, it becomes the old one, and the old one
/// is gone. So the newest are kept, and no call pays for the going.
/// </para>
/// <para>
/// A key that is written or removed, as far as this process hears of it, is gone from here. A read that began before does not bring it
/// back: the key's epoch is taken before the read and compared when the value is in the map.
/// </para>
/// </remarks>
internal sealed class StaleStore(int capacity, NearClock clock, SharedTypes shared)
{
    private const int Stripes = 1024;
    private readonly long[] _epochs = new long[Stripes];
    private Maps _maps = new();
    private int _capacity = capacity;
    private int _young;

    /// <summary>How many values there is room for.</summary>
    public int Capacity
    {
        get => Volatile.Read(ref _capacity);
        set => Volatile.Write(ref _capacity, value);
    }

    /// <summary>About how many values there are.</summary>
    public int Count
    {
        get
        {
            var maps = Volatile.Read(ref _maps);
            return maps.Young.Count + maps.Old.Count;
        }
    }

    /// <summary>The key's epoch; read before its item is.</summary>
    public long EpochOf(KeyHash hash) => Volatile.Read(ref _epochs[hash.Stripe(Stripes)]);

    /// <summary>Keeps a value that was read or made after <paramref name="epoch"/> was.</summary>
    /// <param name="key">The key.</param>
    /// <param name="hash">Its hash.</param>
    /// <param name="epoch">From <see cref="EpochOf"/>.</param>
    /// <param name="value">The value.</param>
    /// <param name="bytes">The same, as the remote has it; empty where it is not known.</param>
    /// <param name="codec">Makes the one from the other.</param>
    public void Keep<T>(string key, KeyHash hash, long epoch, T? value, ReadOnlyMemory<byte> bytes, ValueCodec<T> codec)
    {
        object? kept = shared.Has<T>() || value is null ? value : new NearBytes(bytes.IsEmpty ? codec.Encode(value) : bytes, codec);
        var maps = Volatile.Read(ref _maps);
        var entry = new Entry(kept, clock.Monotonic());
        var isNew = maps.Young.TryAdd(key, entry);
        if (!isNew)
        {
            maps.Young[key] = entry;
        }

        if (EpochOf(hash) != epoch)
        {
            maps.Young.TryRemove(key, out _);
        }
        else if (
            isNew
                && Interlocked.Increment(ref _young) >= Math.Max(1, Capacity / 2)
                && Interlocked.CompareExchange(ref _maps, new Maps(maps.Young), maps) == maps)
        {
            Volatile.Write(ref _young, 0);
        }
    }

    /// <summary>Finds a value that was read no longer than <paramref name="atMost"/> ago.</summary>
    public bool TryGet<T>(string key, TimeSpan atMost, out CacheResult<T> result)
    {
        result = default;
        var maps = Volatile.Read(ref _maps);
        if (atMost <= TimeSpan.Zero || !(maps.Young.TryGetValue(key, out var entry) || maps.Old.TryGetValue(key, out entry)))
        {
            return false;
        }

        var age = Math.Max(clock.Monotonic() - entry.At, 0);
        if (age > atMost.TotalMilliseconds || !NearStore.TryTake<T>(entry.Value, out var value))
        {
            return false;
        }

        result = new CacheResult<T>(value!, CacheSource.Stale, (int)age, CacheVersion.None);
        return true;
    }

    /// <summary>The key was written or removed: its value is no longer served, and no read under way brings it back.</summary>
    /// <returns>The key's epoch after that.</returns>
    public long Drop(string key, KeyHash hash)
    {
        var epoch = Interlocked.Increment(ref _epochs[hash.Stripe(Stripes)]);
        var maps = Volatile.Read(ref _maps);
        maps.Young.TryRemove(key, out _);
        maps.Old.TryRemove(key, out _);
        return epoch;
    }

    private sealed record Entry(object? Value, long At);

    private sealed class Maps(ConcurrentDictionary<string, Entry>? old = null)
    {
        public ConcurrentDictionary<string, Entry> Young { get; } = new(StringComparer.Ordinal);

        public ConcurrentDictionary<string, Entry> Old { get; } = old ?? new(StringComparer.Ordinal);
    }
}
