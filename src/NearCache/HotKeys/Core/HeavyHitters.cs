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
/// <para>
/// A key is known by its hash of 64 bits. What a lookup and the heap need is in small arrays of its own, which stay in the cache of the
/// processor. Not thread-safe.
/// </para>
/// </remarks>
internal sealed class HeavyHitters
{
    private readonly Slot[] _slots;
    private readonly ulong[] _hashes;   // of the slots
    private readonly int[] _heapAt;   // the place in the heap of each slot
    private readonly HeapNode[] _heap;   // the least total first
    private readonly int[] _table;   // open addressing by hash: the slot plus 1, or 0
    private readonly int _mask;
    private int _count;

    /// <summary>Creates an empty table.</summary>
    /// <param name="capacity">The greatest number of keys.</param>
    public HeavyHitters(int capacity)
    {
        (_slots, _hashes, _heapAt, _heap) = (new Slot[capacity], new ulong[capacity], new int[capacity], new HeapNode[capacity]);
        _table = new int[TableSize(capacity)];
        _mask = _table.Length - 1;
    }

    /// <summary>Returns the bytes that a table takes, without the strings that it refers to.</summary>
    public static int BytesOf(int capacity) => (TableSize(capacity) * sizeof(int))
        + (capacity * (Unsafe.SizeOf<Slot>() + sizeof(ulong) + sizeof(int) + Unsafe.SizeOf<HeapNode>()));

    /// <summary>Returns the keys in the table, in no order.</summary>
    public HeavyHitter[] All()
    {
        var all = new HeavyHitter[_count];
        for (var index = 0; index < _count; index++)
        {
            ref readonly var slot = ref _slots[index];
            all[index] = new HeavyHitter(slot.Text, slot.Length, _heap[_heapAt[index]].Total, slot.Error, slot.Counts);
        }

        return all;
    }

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

        SiftDown(_heapAt[index], weight);
        return ref _slots[index].Counts;
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
        for (var index = 0; index < _count; index++)
        {
            _heap[index].Total *= factor;
            _slots[index].Error *= factor;
            _slots[index].Counts.Scale(factor);
        }
    }

    private static int TableSize(int capacity) => (int)BitOperations.RoundUpToPowerOf2((uint)capacity * 4);

    // The place of a hash in the table, or the empty place where it belongs.
    private int PlaceOf(ulong hash)
    {
        var at = (int)hash & _mask;
        while (_table[at] is not 0 and var used && _hashes[used - 1] != hash)
        {
            at = (at + 1) & _mask;
        }

        return at;
    }

    private int Insert(int at, ulong hash)
    {
        var index = _count++;
        _table[at] = index + 1;
        _hashes[index] = hash;

        // A total of zero is the least: the new node goes to the top, and those above its place move down.
        var place = index;
        for (; place > 0; place = (place - 1) / 2)
        {
            Put(place, _heap[(place - 1) / 2]);
        }

        Put(0, new HeapNode { Slot = index });
        return index;
    }

    private int Replace(ulong hash)
    {
        var index = _heap[0].Slot;
        RemoveFromTable(_hashes[index]);
        _hashes[index] = hash;
        _slots[index].Error = _heap[0].Total;
        _table[PlaceOf(hash)] = index + 1;
        return index;
    }

    // Moves later entries of the probe sequence up, so that none becomes unreachable (Knuth, volume 3, 6.4, algorithm R).
    private void RemoveFromTable(ulong hash)
    {
        var hole = PlaceOf(hash);
        for (var at = (hole + 1) & _mask; _table[at] != 0; at = (at + 1) & _mask)
        {
            var home = (int)_hashes[_table[at] - 1] & _mask;
            if (((at - home) & _mask) >= ((at - hole) & _mask))
            {
                _table[hole] = _table[at];
                hole = at;
            }
        }

        _table[hole] = 0;
    }

    // Adds to the total of a node, which then moves below those with less.
    private void SiftDown(int at, double weight)
    {
        var node = _heap[at];
        node.Total += weight;
        for (var child = (2 * at) + 1; child < _count; child = (2 * at) + 1)
        {
            child += child + 1 < _count && _heap[child + 1].Total < _heap[child].Total ? 1 : 0;
            if (_heap[child].Total >= node.Total)
            {
                break;
            }

            Put(at, _heap[child]);
            at = child;
        }

        Put(at, node);
    }

    private void Put(int at, HeapNode node)
    {
        _heap[at] = node;
        _heapAt[node.Slot] = at;
    }

    // The total of a slot, in the order of the heap.
    private struct HeapNode
    {
        public double Total;
        public int Slot;
    }

    private struct Slot
    {
        public string Text;
        public int Length;
        public double Error;
        public KeyCounts Counts;
    }
}

/// <summary>One key of a <see cref="HeavyHitters"/>.</summary>
/// <param name="Text">A string that begins with the key.</param>
/// <param name="Length">The length of the key.</param>
/// <param name="Total">The events of the key, at most <paramref name="Error"/> too many.</param>
/// <param name="Error">How much the total may be too high.</param>
/// <param name="Counts">What was counted since the key is in the table, which is never too high.</param>
internal readonly record struct HeavyHitter(string Text, int Length, double Total, double Error, KeyCounts Counts)
{
    /// <summary>Gets the key.</summary>
    public ReadOnlySpan<char> Name => Text.AsSpan(0, Length);

    /// <summary>Gets the events that were certainly those of the key.</summary>
    public double Certain => Total - Error;
}
