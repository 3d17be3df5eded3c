using NearCache.Coherence.Core;
using NearCache.Coherence.Ensemble.Core;

namespace NearCache.Coherence.Slots.Core;

/// <summary>
/// How a process announces: through its own slot, one setData in flight, each attempt paid for; refused once, it tries another slot;
/// refused again, log and audits repair.
/// </summary>
/// <remarks>
/// Its owner does one step at a time: <see cref="Next"/>, the request, then its answer. The slot that it writes to must have been read
/// since it last changed.
/// </remarks>
/// <param name="queue">What waits to be announced.</param>
/// <param name="bucket">What pays for attempts.</param>
/// <param name="member">A hash of the process: which slot is its own.</param>
/// <param name="random">Spreads second tries.</param>
internal sealed class SlotWriter(AnnouncementQueue queue, WriteBudget bucket, ulong member, Random random)
{
    private const int LongestPause = 50;

    // A slot in a newer format is looked at again after this.
    private const long UnusableFor = 5_000;

    private readonly Dictionary<int, KnownRing> _rings = [];
    private readonly Dictionary<int, long> _avoided = [];
    private IReadOnlyList<Announcement> _taken = [];
    private int _slot;
    private int _tries;
    private long _notBefore = long.MinValue;

    /// <summary>How many slots are in use; see <see cref="SlotReader.Readable"/>.</summary>
    public int Slots { get; set; } = 1;

    /// <summary>The slot to which a write is on its way.</summary>
    public int? Writing { get; private set; }

    /// <summary>Nothing waits to be announced, also nothing that was refused and is tried once more.</summary>
    public bool IsIdle => queue.IsEmpty && _taken.Count == 0;

    /// <summary>What to do next.</summary>
    public SlotStep Next(long now)
    {
        if (IsIdle || Slots == 0)
        {
            return new SlotStep(SlotStepKind.Wait, Until: long.MaxValue);
        }

        if (now < _notBefore)
        {
            return new SlotStep(SlotStepKind.Wait, Until: _notBefore);
        }

        if (Usable(_tries == 0 ? (int)(member % (ulong)Slots) : _slot, now, out var usableAt) is not { } slot)
        {
            return new SlotStep(SlotStepKind.Wait, Until: usableAt);
        }

        _slot = slot;

        if (!bucket.Has(now, secondTry: _tries > 0, out var availableAt))
        {
            return new SlotStep(SlotStepKind.Wait, Until: availableAt);
        }

        if (!_rings.TryGetValue(_slot, out var known))
        {
            return new SlotStep(SlotStepKind.Read, _slot);
        }

        // It tells what it knew only once: either the write is refused, or the slot is another one after it.
        _rings.Remove(_slot);
        if (known.Ring.IsNewer)
        {
            Avoid(_slot, now + UnusableFor);
            return Next(now);
        }

        if (_tries == 0)
        {
            _taken = queue.TakeAll();
        }

        bucket.Take();
        Writing = _slot;
        return new SlotStep(
            SlotStepKind.Write, _slot, known.Version, (known.Ring.IsUnused ? SlotRing.Fresh(random) : known.Ring).Merge(_taken).Encode());
    }

    /// <summary>A slot was read, with a watch or without.</summary>
    public void RingRead(int slot, SlotRing ring, int version) => _rings[slot] = new KnownRing(ring, version);

    /// <summary>
    /// A slot cannot be read or written now: another one is used until the monotonic millisecond <paramref name="until"/>.
    /// </summary>
    public void Avoid(int slot, long until) => _avoided[slot] = until;

    /// <summary>A slot changed: what was read of it is old.</summary>
    public void Changed(int slot) => _rings.Remove(slot);

    /// <summary>The versions of all slots mean nothing any more.</summary>
    public void HistoryLost() => _rings.Clear();

    /// <summary>The setData was done.</summary>
    public void Written() => Finish();

    /// <summary>The setData was refused: somebody else wrote first.</summary>
    public void Refused(long now)
    {
        Writing = null;
        if (_tries++ == 0)
        {
            _slot = (_slot + 1 + random.Next(Math.Max(Slots - 1, 1))) % Slots;
            _notBefore = now + random.Next(LongestPause);
        }
        else
        {
            GiveUp();
        }
    }

    /// <summary>The request failed, or the session is gone: whether it was done is unknown.</summary>
    public void Failed()
    {
        _rings.Clear();
        GiveUp();
    }

    // This slot, or the next one that is not avoided; null: none is, before usableAt.
    private int? Usable(int first, long now, out long usableAt)
    {
        usableAt = long.MaxValue;
        for (var i = 0; i < Slots; i++)
        {
            var slot = (first + i) % Slots;
            if (!_avoided.TryGetValue(slot, out var until) || until <= now)
            {
                _avoided.Remove(slot);
                return slot;
            }

            usableAt = Math.Min(usableAt, until);
        }

        return null;
    }

    private void GiveUp()
    {
        queue.GiveUp(_taken);
        Finish();
    }

    private void Finish()
    {
        _taken = [];
        _tries = 0;
        Writing = null;
    }

    private readonly record struct KnownRing(SlotRing Ring, int Version);
}

/// <summary>One step of announcing.</summary>
/// <param name="Kind">What to do.</param>
/// <param name="Slot">Read, Write: which slot.</param>
/// <param name="Version">Write: the version that the slot must have.</param>
/// <param name="Data">Write: its new content.</param>
/// <param name="Until">Wait: the monotonic millisecond at which to ask again.</param>
internal readonly record struct SlotStep(
    SlotStepKind Kind, int Slot = 0, int Version = 0, ReadOnlyMemory<byte> Data = default, long Until = 0);

/// <summary>What the owner of a <see cref="SlotWriter"/> is to do next.</summary>
internal enum SlotStepKind
{
    /// <summary>Nothing before <see cref="SlotStep.Until"/>, unless an announcement is put in line.</summary>
    Wait,

    /// <summary>getData of the slot, without a watch.</summary>
    Read,

    /// <summary>setData of the slot.</summary>
    Write,
}
