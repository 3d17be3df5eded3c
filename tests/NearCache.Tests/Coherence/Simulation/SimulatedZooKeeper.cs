using NearCache.Coherence.Slots.Core;

namespace NearCache.Tests.Coherence.Simulation;

/// <summary>The slots of a namespace: data, versions, one-shot watches.</summary>
internal sealed class SimulatedZooKeeper
{
    public const int Slots = 8;

    private readonly Slot[] _slots = [.. Enumerable.Range(0, Slots).Select(_ => new Slot())];

    private long _created = 1;

    public long Writes { get; private set; }

    public long Refused { get; private set; }

    public long Notified { get; private set; }

    public long Reads { get; private set; }

    public (SlotRing Ring, int Version, long Created) Get(int slot, SimulatedSession? watcher)
    {
        Reads++;
        if (watcher is not null)
        {
            _slots[slot].Watchers.Add(watcher);
        }

        return (_slots[slot].Ring, _slots[slot].Version, _slots[slot].Created);
    }

    public bool Set(int slot, ReadOnlyMemory<byte> data, int version)
    {
        Writes++;
        var state = _slots[slot];
        if (state.Version != version)
        {
            Refused++;
            return false;
        }

        if (!SlotRing.TryDecode(data.Span, out var ring) || data.Length > SlotRing.MaxBytes)
        {
            throw new InvalidOperationException("A slot was written that cannot be read, or is too large.");
        }

        (state.Ring, state.Version) = (ring, version + 1);
        Notify(state, slot);
        return true;
    }

    /// <summary>
    /// Deletes and creates the node again, as NearCache or a person does: without bytes, or with a ring that starts at a random number.
    /// </summary>
    public void Recreate(int slot, SlotRing ring)
    {
        var state = _slots[slot];
        (state.Ring, state.Version, state.Created) = (ring, 0, ++_created);
        Notify(state, slot);
    }

    public void Forget(SimulatedSession session)
    {
        foreach (var slot in _slots)
        {
            slot.Watchers.Remove(session);
        }
    }

    private void Notify(Slot state, int slot)
    {
        SimulatedSession[] watchers = [.. state.Watchers];
        state.Watchers.Clear();
        Notified += watchers.Length;
        foreach (var watcher in watchers)
        {
            watcher.Notify(slot);
        }
    }

    private sealed class Slot
    {
        public SlotRing Ring { get; set; } = SlotRing.Empty;

        public int Version { get; set; }

        public long Created { get; set; } = 1;

        public HashSet<SimulatedSession> Watchers { get; } = [];
    }
}
