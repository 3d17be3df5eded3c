namespace NearCache.Near.Eviction;

/// <summary>The keys that left the window recently. Not thread-safe.</summary>
/// <remarks>
/// A key has two possible slots and takes the one whose key left earlier, so the table forgets a few keys before their time.
/// </remarks>
internal sealed class GhostTable
{
    // The hash in the upper half, the number of the departure in the lower. Zero: empty.
    private readonly ulong[] _slots;
    private readonly uint _memory;
    private uint _departures;

    /// <summary>Creates an empty table.</summary>
    /// <param name="entries">The number of entries that the cache holds. The table remembers nine tenths as many departures.</param>
    public GhostTable(int entries)
    {
        _slots = new ulong[Math.Max(4, entries + (entries / 4))];
        _memory = (uint)Math.Max(1, entries - (entries / 10));
        _departures = _memory;   // so that an empty slot counts as old
    }

    /// <summary>Remembers a key.</summary>
    public void Add(uint hash)
    {
        ref var first = ref Slot(hash, 0);
        ref var second = ref Slot(hash, 1);
        ref var slot = ref first;
        if (!Holds(first, hash) && (Holds(second, hash) || Age(second) > Age(first)))
        {
            slot = ref second;
        }

        slot = ((ulong)hash << 32) | ++_departures;
    }

    /// <summary>Forgets a key.</summary>
    /// <returns>Whether the table held it.</returns>
    public bool Remove(uint hash) => RemoveFrom(ref Slot(hash, 0), hash) || RemoveFrom(ref Slot(hash, 1), hash);

    private static bool Holds(ulong slot, uint hash) => slot != 0 && (uint)(slot >> 32) == hash;

    private bool RemoveFrom(ref ulong slot, uint hash)
    {
        if (!Holds(slot, hash))
        {
            return false;
        }

        var isRecent = Age(slot) < _memory;
        slot = 0;
        return isRecent;
    }

    private uint Age(ulong slot) => _departures - (uint)slot;

    private ref ulong Slot(uint hash, uint way) => ref _slots[(int)((ulong)HashMixer.Mix(hash, 8 + way) * (uint)_slots.Length >> 32)];
}
