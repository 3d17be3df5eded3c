using System.Runtime.CompilerServices;

namespace NearCache.Near;

/// <summary>
/// A hash table of the entries by their keys. The chains link the entries themselves, so that an entry is one object.
/// </summary>
/// <remarks>
/// <para>Lookups are thread-safe and take no lock. Changes require <paramref name="gate"/>.</para>
/// <para>
/// A removed entry keeps its link, so that a concurrent reader finds the rest of the chain. While the table grows, entries move between
/// chains; a lookup that finds nothing during that time is repeated under the lock.
/// </para>
/// </remarks>
/// <param name="gate">Guards all changes.</param>
internal sealed class NearMap(Lock gate)
{
    private const int FirstSize = 1024;   // a power of two, as all sizes are

    private NearEntry?[] _chains = new NearEntry?[FirstSize];
    private int _count;
    private int _growths;   // odd while the table grows

    /// <summary>Finds the entry of a key.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public NearEntry? Find(in NearKey key)
    {
        var growths = Volatile.Read(ref _growths);
        var hash = key.Hash;
        var chains = Volatile.Read(ref _chains);
        for (var entry = chains[hash & (uint)(chains.Length - 1)]; entry is not null; entry = entry.Next)
        {
            if (entry.Hash == hash && key.Is(entry.Key))
            {
                return entry;
            }
        }

        return IsAsBefore(growths) ? null : FindBehindGate(key, hash);
    }

    /// <summary>Adds an entry, and removes the previous entry of its key.</summary>
    /// <returns>The previous entry; null if there was none.</returns>
    public NearEntry? Put(NearEntry entry)
    {
        // Half of the chains stay empty, because each foreign entry of a chain costs a lookup one more cache miss.
        if (_count >= _chains.Length / 2)
        {
            Grow();
        }

        // Added before the previous entry is removed, so that a concurrent lookup finds one of them.
        ref var chain = ref ChainOf(_chains, entry.Hash);
        entry.Next = chain;
        Volatile.Write(ref chain, entry);
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

    /// <summary>Gets the number of chains.</summary>
    public int Chains => _chains.Length;

    /// <summary>Removes the entry of a key.</summary>
    /// <returns>The removed entry; null if there was none.</returns>
    public NearEntry? Remove(in NearKey key)
    {
        var entry = FindHere(key, key.Hash);
        return entry is not null && Remove(entry) ? entry : null;
    }

    /// <summary>Removes an entry. Returns false if the entry is not in the map; another entry of its key stays.</summary>
    public bool Remove(NearEntry entry)
    {
        ref var chain = ref ChainOf(_chains, entry.Hash);
        if (chain == entry)
        {
            Volatile.Write(ref chain, entry.Next);
            _count--;
            return true;
        }

        for (var before = chain; before is not null; before = before.Next)
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

    /// <summary>Searches the chains, starting at the given one, for an entry that can never be served again.</summary>
    /// <param name="chain">The chain at which the search starts and continues; the caller keeps it between calls.</param>
    /// <param name="looks">The number of chains that may be searched, lowered by those that were.</param>
    /// <param name="now">The monotonic clock, in milliseconds.</param>
    /// <returns>The entry; null if the searched chains have none.</returns>
    public NearEntry? FindOver(ref int chain, ref int looks, long now)
    {
        for (; looks > 0; looks--, chain++)
        {
            for (var entry = _chains[chain & (_chains.Length - 1)]; entry is not null; entry = entry.Next)
            {
                if (entry.IsOver(now))
                {
                    return entry;
                }
            }
        }

        return null;
    }

    private static ref NearEntry? ChainOf(NearEntry?[] chains, uint hash) => ref chains[hash & (uint)(chains.Length - 1)];

    // Returns whether the table did not grow since. The barrier orders the check after the reads of the chains.
    private bool IsAsBefore(int growths)
    {
        Volatile.ReadBarrier();
        return (growths & 1) == 0 && growths == _growths;
    }

    private NearEntry? FindBehindGate(in NearKey key, uint hash)
    {
        lock (gate)
        {
            return FindHere(key, hash);
        }
    }

    private NearEntry? FindHere(in NearKey key, uint hash)
    {
        var entry = ChainOf(_chains, hash);
        while (entry is not null && !(entry.Hash == hash && key.Is(entry.Key)))
        {
            entry = entry.Next;
        }

        return entry;
    }

    // A concurrent reader may pass from one chain into another, but never in a circle: a moved entry links only to entries that moved
    // before it.
    private void Grow()
    {
        var (old, larger) = (_chains, new NearEntry?[2 * _chains.Length]);
        Interlocked.Increment(ref _growths);
        foreach (var first in old)
        {
            for (var entry = first; entry is not null;)
            {
                var next = entry.Next;
                ref var chain = ref ChainOf(larger, entry.Hash);
                entry.Next = chain;
                chain = entry;
                entry = next;
            }
        }

        Volatile.Write(ref _chains, larger);
        Interlocked.Increment(ref _growths);
    }
}
