using NearCache.Coherence.Core;

namespace NearCache.Coherence.Slots.Core;

/// <summary>
/// Which slots are read, and when: one one-shot watch a slot, and after an event the re-arming read no sooner than the pace allows.
/// </summary>
/// <param name="slots">How many slots the namespace has.</param>
/// <param name="deliveriesPerSecond">The budget of the whole fleet.</param>
/// <param name="maxStaleness">The bound that is promised, in milliseconds.</param>
internal sealed class SlotReader(int slots, int deliveriesPerSecond, long maxStaleness)
{
    // A slot in which nothing happened for so long does not count as active.
    private const long ActiveFor = 10_000;

    private readonly SlotState[] _slots = [.. Enumerable.Range(0, slots).Select(_ => new SlotState())];

    /// <summary>How many processes read the slots; 1,000 until the number is known.</summary>
    public int Members { get; set; } = 1000;

    /// <summary>How many slots are read. If fewer than there are, the fleet is too large for more: log it once.</summary>
    public int Readable => RearmPace.ReadableSlots(Members, slots, deliveriesPerSecond, maxStaleness);

    /// <summary>D as it is now, in milliseconds.</summary>
    public long Pace(long now) =>
        RearmPace.Of(Members, Math.Max(_slots.Count(slot => now - slot.ChangedAt < ActiveFor), 1), deliveriesPerSecond, maxStaleness);

    /// <summary>A session is there, or there again: watches are lost, and every slot is to be read.</summary>
    public void Connected()
    {
        foreach (var slot in _slots)
        {
            (slot.IsArmed, slot.ReadAt, slot.ReadBefore) = (false, long.MinValue / 2, null);

            // The server of a new session may know less than the last one's; then all is void, and heard again.
            slot.Newest = 0;
        }
    }

    /// <summary>
    /// The ensemble was wiped, restored or replaced: the numbers of announcements that were seen mean nothing any more. What a slot holds
    /// next is all heard, after a gap.
    /// </summary>
    public void HistoryLost()
    {
        for (var slot = 0; slot < _slots.Length; slot++)
        {
            Forget(slot);
        }
    }

    /// <summary>The same of one slot, which is to be read again.</summary>
    public void Forget(int slot)
    {
        var state = _slots[slot];
        (state.Seen, state.Newest, state.IsArmed) = (state.Seen == 0 ? 0 : long.MaxValue, 0, false);
    }

    /// <summary>Is this what a slot holds now, as far as is known? If not, a read that was sent later was looked at first.</summary>
    /// <remarks>
    /// Answers of one session never go back. If a read that was sent later shows something older, the ensemble was restored from a copy
    /// that knows the session: the slot is begun anew.
    /// </remarks>
    /// <param name="slot">The slot.</param>
    /// <param name="transaction">The transaction that wrote what was read.</param>
    /// <param name="sentAt">When the read was sent; 0: that is not known.</param>
    public bool IsNewest(int slot, long transaction, long sentAt)
    {
        var state = _slots[slot];
        if (transaction < state.Newest)
        {
            if (sentAt <= state.NewestSentAt)
            {
                return false;
            }

            Forget(slot);
        }

        (state.Newest, state.NewestSentAt) = (transaction, Math.Max(sentAt, state.NewestSentAt));
        return true;
    }

    /// <summary>A watch fired.</summary>
    /// <param name="slot">The slot.</param>
    /// <param name="now">The monotonic millisecond.</param>
    /// <param name="byOwnWrite">
    /// This process is writing to the slot now, so that what is new in it is most likely its own: the read that follows is in no hurry.
    /// </param>
    public void Changed(int slot, long now, bool byOwnWrite = false)
    {
        var state = _slots[slot];
        (state.IsArmed, state.ChangedAt) = (false, now);
        if (byOwnWrite)
        {
            (state.ReadBefore, state.ReadAt) = (state.ReadAt, now);
        }
    }

    /// <summary>The write was refused: what is new in the slot is another's, and is read as soon as the pace allows.</summary>
    public void WasNotOwn(int slot)
    {
        var state = _slots[slot];
        if (!state.IsArmed && state.ReadBefore is { } readAt)
        {
            (state.ReadBefore, state.ReadAt) = (null, readAt);
        }
    }

    /// <summary>
    /// A slot was read with a watch, sent at <paramref name="sentAt"/>. Gives the announcements that were not seen before, and whether some
    /// went by unseen.
    /// </summary>
    public IEnumerable<Announcement> Read(int slot, SlotRing ring, long created, long sentAt, out bool gap)
    {
        Armed(slot, sentAt);
        return Unseen(slot, ring, created, out gap);
    }

    /// <summary>A slot was read with a watch, and what it holds is known.</summary>
    public void Armed(int slot, long sentAt) => (_slots[slot].IsArmed, _slots[slot].ReadAt, _slots[slot].ReadBefore) = (true, sentAt, null);

    /// <summary>
    /// The read of a slot failed: it is tried again, no sooner than <paramref name="retryFrom"/>, if its session lives that long.
    /// </summary>
    public void Failed(int slot, long retryFrom) => (_slots[slot].IsArmed, _slots[slot].ReadAt) = (false, retryFrom);

    /// <summary>The same for a slot that was read without a watch, because this process was about to write to it.</summary>
    /// <param name="slot">The slot.</param>
    /// <param name="ring">What it holds.</param>
    /// <param name="created">The transaction that created its node: numbers of another node's ring say nothing of this one's.</param>
    /// <param name="gap">Whether announcements went by unseen.</param>
    public IEnumerable<Announcement> Unseen(int slot, SlotRing ring, long created, out bool gap)
    {
        var state = _slots[slot];
        var seen = state.Seen;
        var isAnother = seen != 0 && state.Created != created;
        (state.Seen, state.Created) = (ring.Next, created);
        if (isAnother || seen > ring.Next)
        {
            // The node was created anew, or its ring was begun anew.
            gap = true;
            return ring.Announcements;
        }

        gap = seen != 0 && seen < ring.First;
        return ring.Announcements.Skip((int)Math.Max(seen - ring.First, 0));
    }

    /// <summary>The slots to read now, with a watch. If none: ask again at <paramref name="until"/>.</summary>
    public IReadOnlyList<int> Next(long now, out long until)
    {
        var pace = Pace(now);
        List<int> due = [];
        until = long.MaxValue;
        for (var slot = 0; slot < Readable; slot++)
        {
            if (_slots[slot].IsArmed)
            {
                continue;
            }

            if (now - _slots[slot].ReadAt >= pace)
            {
                due.Add(slot);
            }
            else
            {
                until = Math.Min(until, _slots[slot].ReadAt + pace);
            }
        }

        return due;
    }

    private sealed class SlotState
    {
        public bool IsArmed { get; set; }

        public long ReadAt { get; set; } = long.MinValue / 2;

        /// <summary>What <see cref="ReadAt"/> was before an event that this process took for its own.</summary>
        public long? ReadBefore { get; set; }

        public long ChangedAt { get; set; } = long.MinValue / 2;

        public long Seen { get; set; }

        public long Created { get; set; }

        public long Newest { get; set; }

        /// <summary>When the read was sent that showed <see cref="Newest"/>.</summary>
        public long NewestSentAt { get; set; }
    }
}

/// <summary>
/// How fast slots are read again after they changed. The whole fleet's reads are the load, so the pace follows from its size.
/// </summary>
internal static class RearmPace
{
    private const long Least = 20;

    /// <summary>D = max(20 ms, members × active slots ÷ deliveries per second), at most MaxStaleness ÷ 4. Milliseconds.</summary>
    public static long Of(int members, int activeSlots, int deliveriesPerSecond, long maxStaleness) =>
        Math.Min(Math.Max(Least, (long)Math.Ceiling(1000.0 * members * activeSlots / deliveriesPerSecond)), maxStaleness / 4);

    /// <summary>
    /// How many slots a fleet of this size can read at the slowest pace. Fewer than there are: the audits carry the rest.
    /// </summary>
    public static int ReadableSlots(int members, int slots, int deliveriesPerSecond, long maxStaleness) =>
        (int)Math.Min(slots, maxStaleness / 4 * deliveriesPerSecond / 1000 / Math.Max(members, 1));
}
