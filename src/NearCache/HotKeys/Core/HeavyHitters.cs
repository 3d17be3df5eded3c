using System.Numerics;
using System.Runtime.CompilerServices;

namespace NearCache.HotKeys.Core;

/// <summary>The keys with the most events of a stream, in bounded memory.</summary>
/// <remarks>
/// <para>
/// Space-Saving (Metwally, Agrawal, El Abbadi: "Efficient Computation of Frequent and Top-k Elements in Data Streams", ICDT 2005,
/// https://doi.org/10.1007/978-3-540-30570-5_27): a key that is not in a full table replaces the one with the least total, and inherits
/// that total as its possible error. A key whose share of all events exceeds 1 / capacity is always in the table. Weights are the decaying
/// ones of <see cref="ForwardDecay"/>, so a heap replaces the lists of equal totals of the paper.
/// </para>
/// <para>A key is known by its hash of 64 bits. Not thread-safe.</para>
/// </remarks>
internal sealed class HeavyHitters
{
    private readonly Slot[] _slots;
    private readonly int[] _heap;   // slots, the least total first
    private readonly int[] _table;   // open addressing by hash: the slot plus 1, or 0
    private readonly int _mask;
    private int _count;

    /// <summary>Creates an empty table.</summary>
    /// <param name="capacity">The greatest number of keys.</param>
    public HeavyHitters(int capacity)
    {
        (_slots, _heap) = (new Slot[capacity], new int[capacity]);
        _table = new int[(int)BitOperations.RoundUpToPowerOf2((uint)capacity * 2)];
        _mask = _table.Length - 1;
    }

    /// <summary>Returns the bytes that a table takes, without the strings that it refers to.</summary>
    public static int BytesOf(int capacity) => capacity * (Unsafe.SizeOf<Slot>() + sizeof(int))
        + ((int)BitOperations.RoundUpToPowerOf2((uint)capacity * 2) * sizeof(int));

    /// <summary>Gets the keys in the table, in no order.</summary>
    public ReadOnlySpan<Slot> Slots => _slots.AsSpan(0, _count);

    /// <summary>Adds the weight of an event to a key, which is then in the table.</summary>
    /// <param name="hash">The hash of the text.</param>
    /// <param name="text">A string that begins with the text.</param>
    /// <param name="length">The length of the text.</param>
    /// <param name="weight">The weight, greater than 0.</param>
    /// <returns>The counts since the key is in the table, for the caller to add the event to.</returns>
    public ref KeyCounts Add(ulong hash, string text, int length, double weight)
    {
        var at = PlaceOf(hash);
        var index = _table[at] - 1;
        if (index < 0)
        {
            index = _count < _slots.Length ? Insert(at, hash) : Replace(hash);
            ref var added = ref _slots[index];
            (added.Text, added.Length, added.Counts) = (text, length, default);
        }

        ref var slot = ref _slots[index];
        slot.Total += weight;
        SiftDown(slot.HeapAt);
        return ref slot.Counts;
    }

    /// <summary>Returns the counts of a key; a null reference if it is not in the table.</summary>
    public ref KeyCounts Find(ulong hash)
    {
        var index = _table[PlaceOf(hash)] - 1;
        if (index < 0)
        {
            return ref Unsafe.NullRef<KeyCounts>();
        }

        return ref _slots[index].Counts;
    }

    /// <summary>Multiplies every sum.</summary>
    public void Scale(double factor)
    {
        foreach (ref var slot in _slots.AsSpan(0, _count))
        {
            slot.Total *= factor;
            slot.Error *= factor;
            slot.Counts.Scale(factor);
        }
    }

    // The place of a hash in the table, or the empty place where it belongs.
    private int PlaceOf(ulong hash)
    {
        var at = (int)hash & _mask;
        while (_table[at] is not 0 and var used && _slots[used - 1].Hash != hash)
        {
            at = (at + 1) & _mask;
        }

        return at;
    }

    private int Insert(int at, ulong hash)
    {
        var index = _count++;
        _table[at] = index + 1;
        _slots[index].Hash = hash;

        // A new total of zero is the least.
        _heap[index] = index;
        _slots[index].HeapAt = index;
        SiftUp(index);
        return index;
    }

    private int Replace(ulong hash)
    {
        var index = _heap[0];
        ref var slot = ref _slots[index];
        RemoveFromTable(slot.Hash);
        (slot.Hash, slot.Error) = (hash, slot.Total);
        _table[PlaceOf(hash)] = index + 1;
        return index;
    }

    // Moves later entries of the probe sequence up, so that none becomes unreachable (Knuth, volume 3, 6.4, algorithm R).
    private void RemoveFromTable(ulong hash)
    {
        var hole = PlaceOf(hash);
        for (var at = (hole + 1) & _mask; _table[at] != 0; at = (at + 1) & _mask)
        {
            var home = (int)_slots[_table[at] - 1].Hash & _mask;
            if (((at - home) & _mask) >= ((at - hole) & _mask))
            {
                _table[hole] = _table[at];
                hole = at;
            }
        }

        _table[hole] = 0;
    }

    private void SiftUp(int at)
    {
        while (at > 0 && _slots[_heap[(at - 1) / 2]].Total > _slots[_heap[at]].Total)
        {
            Swap(at, (at - 1) / 2);
            at = (at - 1) / 2;
        }
    }

    private void SiftDown(int at)
    {
        while (true)
        {
            var least = at;
            for (var child = (2 * at) + 1; child <= (2 * at) + 2 && child < _count; child++)
            {
                least = _slots[_heap[child]].Total < _slots[_heap[least]].Total ? child : least;
            }

            if (least == at)
            {
                return;
            }

            Swap(at, least);
            at = least;
        }
    }

    private void Swap(int one, int other)
    {
        (_heap[one], _heap[other]) = (_heap[other], _heap[one]);
        _slots[_heap[one]].HeapAt = one;
        _slots[_heap[other]].HeapAt = other;
    }

    /// <summary>One key of the table.</summary>
    internal struct Slot
    {
        /// <summary>The hash of the text.</summary>
        public ulong Hash;

        /// <summary>A string that begins with the text.</summary>
        public string Text;

        /// <summary>The length of the text.</summary>
        public int Length;

        /// <summary>The place in the heap.</summary>
        public int HeapAt;

        /// <summary>The events of the key, at most <see cref="Error"/> too many.</summary>
        public double Total;

        /// <summary>How much the total may be too high.</summary>
        public double Error;

        /// <summary>What was counted since the key is in the table, which is never too high.</summary>
        public KeyCounts Counts;
    }
}
