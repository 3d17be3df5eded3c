using System.Runtime.CompilerServices;

namespace NearCache.Near;

/// <summary>
/// The entries by their keys: a hash table whose chains run through the entries themselves, so that an entry is one object.
/// </summary>
/// <remarks>
/// <para>Anyone may look, at any time and without a lock. Who changes it holds <paramref name="gate"/>.</para>
/// <para>
/// An entry that is taken out keeps its link, so a reader who has just come to it finds the rest of the chain. While the table grows,
/// entries move from one chain to another under the eyes of readers: whoever finds nothing meanwhile looks again behind the gate.
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

    /// <summary>Puts an entry in, in the place of the one that has its key.</summary>
    /// <returns>That one.</returns>
    public NearEntry? Put(NearEntry entry)
    {
        // Half of the chains stay empty: who comes by another's entry on the way to his own has waited for the memory in vain.
        if (_count >= _chains.Length / 2)
        {
            Grow();
        }

        // First in its chain, before the old one leaves: nobody finds neither.
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

    /// <summary>Takes out the entry of a key.</summary>
    /// <returns>What was there.</returns>
    public NearEntry? Remove(in NearKey key)
    {
        var entry = FindHere(key, key.Hash);
        return entry is not null && Remove(entry) ? entry : null;
    }

    /// <summary>Takes out an entry. False: it was not there, and another that has its key stays.</summary>
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

    /// <summary>Looks through the chains, each time through those that follow, for an entry that is over.</summary>
    /// <param name="chain">Where to go on; the caller keeps it between calls.</param>
    /// <param name="looks">How many chains may be looked through; lowered by those that were.</param>
    /// <param name="now">The monotonic clock, in milliseconds.</param>
    /// <returns>An entry, or null if there was none among so many.</returns>
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

    // What was read of the chains was read before this.
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

    // A reader under way may be led from a chain into another, but never in a circle: a link of what has moved leads only to what has moved
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
