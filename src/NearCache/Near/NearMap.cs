using System.Runtime.CompilerServices;

namespace NearCache.Near;

/// <summary>A hash table of near entries. The entries are the links of its buckets, so that an entry is one object.</summary>
/// <remarks>
/// <para>
/// Lookups take no lock. All other members require <paramref name="mutex"/>, except for <see cref="FindUsed"/>. A removed entry keeps its
/// link, so that a concurrent lookup that has reached it still finds the rest of the bucket.
/// </para>
/// <para>
/// The table doubles by linear hashing: each insert moves a few buckets into the larger table, so that none takes long. Meanwhile a lookup
/// that finds nothing looks into the larger table as well, and then repeats under the lock.
/// </para>
/// </remarks>
/// <param name="mutex">The lock that guards changes.</param>
internal sealed class NearMap(Lock mutex)
{
    /// <summary>
    /// The buckets that an insert moves while the table doubles. The move ends when an eighth as many entries were added as the table has
    /// buckets, and the larger table is full only after half as many.
    /// </summary>
    public const int BucketsPerPut = 8;

    private const int FirstSize = 1024;   // a power of two, as all sizes are

    private NearEntry?[] _buckets = new NearEntry?[FirstSize];
    private NearEntry?[]? _larger;   // the table that replaces the buckets; null: the table does not double
    private int _moved;   // the number of buckets that were moved into the larger table
    private int _count;

    /// <summary>Gets the number of buckets of the larger table that is needed, or 0 if none is.</summary>
    /// <remarks>At least half of the buckets are empty: each other entry that a lookup passes may cost a cache miss.</remarks>
    public int NeededSize => _count >= _buckets.Length / 2 && _larger is null ? 2 * _buckets.Length : 0;

    /// <summary>Finds the entry of a key.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public NearEntry? Find(in NearKey key)
    {
        var hash = key.Hash;
        var buckets = Volatile.Read(ref _buckets);
        for (var entry = buckets[hash & (uint)(buckets.Length - 1)]; entry is not null; entry = entry.Next)
        {
            if (entry.Hash == hash && key.Is(entry.Key))
            {
                return entry;
            }
        }

        return IsComplete(buckets) ? null : FindDuringMove(key, hash);
    }

    /// <summary>Adds an entry, or replaces the entry of the same key.</summary>
    /// <returns>The replaced entry, or null.</returns>
    public NearEntry? Put(NearEntry entry)
    {
        Move(BucketsPerPut);

        // Added before the replaced entry is removed.
        ref var bucket = ref BucketOf(entry.Hash);
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

    /// <summary>Begins to replace the table by a larger one.</summary>
    /// <param name="larger">An empty table of the <see cref="NeededSize"/>.</param>
    public void Double(NearEntry?[] larger) => Interlocked.Exchange(ref _larger, larger);

    /// <summary>Moves buckets into the larger table, if the table doubles.</summary>
    /// <param name="most">The largest number of buckets to move.</param>
    /// <returns>Whether buckets remain to be moved.</returns>
    public bool Move(int most)
    {
        if (_larger is not { } larger)
        {
            return false;
        }

        for (; most > 0 && _moved < _buckets.Length; most--)
        {
            MoveNext(larger);
        }

        if (_moved < _buckets.Length)
        {
            return true;
        }

        _moved = 0;
        Volatile.Write(ref _buckets, larger);
        Volatile.Write(ref _larger, null);
        return false;
    }

    /// <summary>Gets the number of buckets.</summary>
    public int BucketCount => _buckets.Length;

    /// <summary>Removes the entry of a key.</summary>
    /// <returns>The removed entry, or null.</returns>
    public NearEntry? Remove(in NearKey key)
    {
        var hash = key.Hash;
        var entry = FindCore(ref BucketOf(hash), key, hash);
        return entry is not null && Remove(entry) ? entry : null;
    }

    /// <summary>Removes an entry.</summary>
    /// <returns>False if the map does not hold it; another entry of the same key stays.</returns>
    public bool Remove(NearEntry entry)
    {
        ref var bucket = ref BucketOf(entry.Hash);
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

    /// <summary>
    /// Finds an entry that is expired, void or <see cref="NearPartitions.IsSurplus"/>, scanning buckets in order; not those that were moved
    /// into a larger table.
    /// </summary>
    /// <param name="bucket">The position of the scan; kept by the caller between calls.</param>
    /// <param name="budget">The number of buckets that the scan may pass; lowered by those passed.</param>
    /// <param name="now">The monotonic clock, in milliseconds.</param>
    /// <param name="partitions">The partitions of the entries.</param>
    /// <returns>An entry, or null if the budget is exhausted.</returns>
    public NearEntry? FindRemovable(ref int bucket, ref int budget, long now, NearPartitions partitions)
    {
        for (; budget > 0; budget--, bucket++)
        {
            for (var entry = _buckets[bucket & (_buckets.Length - 1)]; entry is not null; entry = entry.Next)
            {
                if (entry.IsExpiredOrVoid(now) || partitions.IsSurplus(entry))
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

    // The bucket of a hash: in the larger table if it was moved.
    private ref NearEntry? BucketOf(uint hash)
    {
        var isMoved = (hash & (uint)(_buckets.Length - 1)) < (uint)_moved;
        return ref BucketOf(isMoved ? _larger! : _buckets, hash);
    }

    // Whether a lookup in a table saw all entries. The barrier orders its reads of the buckets before these.
    private bool IsComplete(NearEntry?[] buckets)
    {
        Volatile.ReadBarrier();
        return Volatile.Read(ref _larger) is null && buckets == _buckets;
    }

    // Most entries of moved buckets are found without the lock. Not inlined: its copy of the key would be cleared by each hit.
    [MethodImpl(MethodImplOptions.NoInlining)]
    private NearEntry? FindDuringMove(NearKey key, uint hash)
    {
        if (Volatile.Read(ref _larger) is { } larger && FindCore(ref BucketOf(larger, hash), key, hash) is { } entry)
        {
            return entry;
        }

        lock (mutex)
        {
            return FindCore(ref BucketOf(hash), key, hash);
        }
    }

    private static NearEntry? FindCore(ref NearEntry? bucket, in NearKey key, uint hash)
    {
        var entry = Volatile.Read(ref bucket);
        while (entry is not null && !(entry.Hash == hash && key.Is(entry.Key)))
        {
            entry = entry.Next;
        }

        return entry;
    }

    // A concurrent lookup may be led from a bucket into one of the larger table, but never in a circle: the link of a moved entry leads
    // only to entries that were added to that table before it.
    private void MoveNext(NearEntry?[] larger)
    {
        ref var first = ref _buckets[_moved];
        for (var entry = first; entry is not null;)
        {
            var next = entry.Next;
            ref var bucket = ref BucketOf(larger, entry.Hash);
            entry.Next = bucket;
            Volatile.Write(ref bucket, entry);
            entry = next;
        }

        Volatile.Write(ref first, null);
        _moved++;
    }
}
