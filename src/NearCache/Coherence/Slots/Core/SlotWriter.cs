using NearCache.Coherence.Core;
using NearCache.Coherence.Ensemble.Core;

namespace NearCache.Coherence.Slots.Core;

/// <summary>
/// Decides how a process announces: through its own slot, with one setData in flight that takes a token. After a first refusal it tries
/// another slot; after a second one, log records and audits make up for it.
/// </summary>
/// <remarks>
/// The owner executes one step at a time: <see cref="Next"/>, the request, then its reply. A slot is written only if it was read since its
/// last change.
/// </remarks>
/// <param name="queue">The waiting announcements.</param>
/// <param name="bucket">The budget of attempts.</param>
/// <param name="member">A hash of the process, which selects its own slot.</param>
/// <param name="random">Spreads second tries.</param>
internal sealed class SlotWriter(AnnouncementQueue queue, WriteBudget bucket, ulong member, Random random)
{
    private const int LongestPause = 50;

    // The time after which a slot in a newer format is read again.
    private const long UnusableFor = 5_000;

    private readonly Dictionary<int, KnownRing> _rings = [];
    private readonly Dictionary<int, long> _avoided = [];
    private IReadOnlyList<Announcement> _taken = [];
    private int _slot;
    private int _tries;
    private long _notBefore = long.MinValue;

    /// <summary>Gets or sets how many slots are in use; see <see cref="SlotReader.Readable"/>.</summary>
    public int Slots { get; set; } = 1;

    /// <summary>Gets the slot of the write in flight.</summary>
    public int? Writing { get; private set; }

    /// <summary>Gets whether nothing waits to be announced, and nothing refused waits for its second try.</summary>
    public bool IsIdle => queue.IsEmpty && _taken.Count == 0;

    /// <summary>Returns the next step.</summary>
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

        // What was read serves for one write only: the write is refused, or it changes the slot.
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

    /// <summary>Records the content of a slot that was read.</summary>
    public void RingRead(int slot, SlotRing ring, int version) => _rings[slot] = new KnownRing(ring, version);

    /// <summary>
    /// Uses other slots until the monotonic millisecond <paramref name="until"/>, because a slot cannot be read or written.
    /// </summary>
    public void Avoid(int slot, long until) => _avoided[slot] = until;

    /// <summary>Forgets the content of a slot, because it has changed.</summary>
    public void Changed(int slot) => _rings.Remove(slot);

    /// <summary>Forgets the content of all slots, because the ensemble has another history.</summary>
    public void HistoryLost() => _rings.Clear();

    /// <summary>Records that the setData succeeded.</summary>
    public void Written() => Finish();

    /// <summary>Records that the setData was refused, because another process wrote first.</summary>
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

    /// <summary>Records that the request failed or the session ended. Whether the write was executed is unknown.</summary>
    public void Failed()
    {
        _rings.Clear();
        GiveUp();
    }

    // Returns this slot or the next usable one; null if none is usable before usableAt.
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
/// <param name="Slot">For Read and Write: the slot.</param>
/// <param name="Version">For Write: the version that the slot must have.</param>
/// <param name="Data">For Write: the new content.</param>
/// <param name="Until">For Wait: the monotonic millisecond at which to ask again.</param>
internal readonly record struct SlotStep(
    SlotStepKind Kind, int Slot = 0, int Version = 0, ReadOnlyMemory<byte> Data = default, long Until = 0);

/// <summary>Specifies what the owner of a <see cref="SlotWriter"/> does next.</summary>
internal enum SlotStepKind
{
    /// <summary>Nothing before <see cref="SlotStep.Until"/>, unless an announcement is queued.</summary>
    Wait,

    /// <summary>Read the slot without a watch.</summary>
    Read,

    /// <summary>Write the slot.</summary>
    Write,
}
