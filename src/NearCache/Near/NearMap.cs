using System.Runtime.CompilerServices;

namespace NearCache.Near;

/// <summary>A hash table of near entries. The entries are the links of its buckets, so that an entry is one object.</summary>
/// <remarks>
/// <para>Lookups take no lock. Changes require <paramref name="mutex"/>.</para>
/// <para>
/// A removed entry keeps its link, so that a concurrent lookup that has reached it still finds the rest of the bucket. During a resize
/// entries move between buckets: a lookup that finds nothing meanwhile repeats under the lock.
/// </para>
/// </remarks>
/// <param name="mutex">The lock that guards changes.</param>
internal sealed class NearMap(Lock mutex)
{
    private const int FirstSize = 1024;   // a power of two, as all sizes are

    private NearEntry?[] _buckets = new NearEntry?[FirstSize];
    private int _count;
    private int _resizes;   // odd during a resize

    /// <summary>Finds the entry of a key.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public NearEntry? Find(in NearKey key)
    {
        var resizes = Volatile.Read(ref _resizes);
        var hash = key.Hash;
        var buckets = Volatile.Read(ref _buckets);
        for (var entry = buckets[hash & (uint)(buckets.Length - 1)]; entry is not null; entry = entry.Next)
        {
            if (entry.Hash == hash && key.Is(entry.Key))
            {
                return entry;
            }
        }

        return IsUnchanged(resizes) ? null : FindWithLock(key, hash);
    }

    /// <summary>Adds an entry, or replaces the entry of the same key.</summary>
    /// <returns>The replaced entry, or null.</returns>
    public NearEntry? Put(NearEntry entry)
    {
        // At least half of the buckets are empty: each other entry that a lookup passes may cost a cache miss.
        if (_count >= _buckets.Length / 2)
        {
            Resize();
        }

        // Added before the replaced entry is removed, so that a lookup always finds one of them.
        ref var bucket = ref BucketOf(_buckets, entry.Hash);
        entry.Next = bucket;
        Volatile.Write(ref bucket, entry);
        _count++;
        for (var (before, other) = (entry, entry.Next); other is not null; (before, other) = (other, other.Next))
        {
            if (other.Hash == entry.Hash && other.Key == entry.Key)
            {
                before.Next = other.Next;
                _count--;
                return other;
            }
        }

        return null;
    }

    /// <summary>Gets the number of buckets.</summary>
    public int BucketCount => _buckets.Length;

    /// <summary>Removes the entry of a key.</summary>
    /// <returns>The removed entry, or null.</returns>
    public NearEntry? Remove(in NearKey key)
    {
        var entry = FindCore(key, key.Hash);
        return entry is not null && Remove(entry) ? entry : null;
    }

    /// <summary>Removes an entry.</summary>
    /// <returns>False if the map does not hold it; another entry of the same key stays.</returns>
    public bool Remove(NearEntry entry)
    {
        ref var bucket = ref BucketOf(_buckets, entry.Hash);
        if (bucket == entry)
        {
            Volatile.Write(ref bucket, entry.Next);
            _count--;
            return true;
        }

        for (var before = bucket; before is not null; before = before.Next)
        {
            if (before.Next == entry)
            {
                before.Next = entry.Next;
                _count--;
                return true;
            }
        }

        return false;
    }

    /// <summary>Finds an entry that is expired or void, scanning buckets in order.</summary>
    /// <param name="bucket">The position of the scan; kept by the caller between calls.</param>
    /// <param name="budget">The number of buckets that the scan may pass; lowered by those passed.</param>
    /// <param name="now">The monotonic clock, in milliseconds.</param>
    /// <returns>An entry, or null if the budget is exhausted.</returns>
    public NearEntry? FindExpiredOrVoid(ref int bucket, ref int budget, long now)
    {
        for (; budget > 0; budget--, bucket++)
        {
            for (var entry = _buckets[bucket & (_buckets.Length - 1)]; entry is not null; entry = entry.Next)
            {
                if (entry.IsExpiredOrVoid(now))
                {
                    return entry;
                }
            }
        }

        return null;
    }

    /// <summary>Finds an entry with hits, without the lock.</summary>
    /// <param name="bucket">Where the scan begins.</param>
    /// <param name="budget">The largest number of buckets to scan.</param>
    public NearEntry? FindUsed(int bucket, int budget)
    {
        var buckets = Volatile.Read(ref _buckets);
        for (; budget > 0; budget--, bucket++)
        {
            for (var entry = buckets[bucket & (buckets.Length - 1)]; entry is not null; entry = entry.Next)
            {
                if (entry.Uses > 0)
                {
                    return entry;
                }
            }
        }

        return null;
    }

    private static ref NearEntry? BucketOf(NearEntry?[] buckets, uint hash) => ref buckets[hash & (uint)(buckets.Length - 1)];

    // The barrier orders the lookup's reads of the buckets before the second read of the count.
    private bool IsUnchanged(int resizes)
    {
        Volatile.ReadBarrier();
        return (resizes & 1) == 0 && resizes == _resizes;
    }

    private NearEntry? FindWithLock(NearKey key, uint hash)
    {
        lock (mutex)
        {
            return FindCore(key, hash);
        }
    }

    // Requires the lock.
    private NearEntry? FindCore(in NearKey key, uint hash)
    {
        var entry = BucketOf(_buckets, hash);
        while (entry is not null && !(entry.Hash == hash && key.Is(entry.Key)))
        {
            entry = entry.Next;
        }

        return entry;
    }

    // A concurrent lookup may be led from one bucket into another, but never in a circle: the link of a moved entry leads only to entries
    // moved before it.
    private void Resize()
    {
        var (old, larger) = (_buckets, new NearEntry?[2 * _buckets.Length]);
        Interlocked.Increment(ref _resizes);
        foreach (var first in old)
        {
            for (var entry = first; entry is not null;)
            {
                var next = entry.Next;
                ref var bucket = ref BucketOf(larger, entry.Hash);
                entry.Next = bucket;
                bucket = entry;
                entry = next;
            }
        }

        Volatile.Write(ref _buckets, larger);
        Interlocked.Increment(ref _resizes);
    }
}
