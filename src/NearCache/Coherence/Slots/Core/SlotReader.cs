using NearCache.Coherence.Core;

namespace NearCache.Coherence.Slots.Core;

/// <summary>
/// Decides which slots to read, and when. Each slot has a one-shot watch; after an event the slot is read and watched again no sooner than
/// the pace allows.
/// </summary>
/// <param name="slots">The number of slots of the namespace.</param>
/// <param name="deliveriesPerSecond">The reads a second that the whole fleet may make.</param>
/// <param name="maxStaleness">The promised bound, in milliseconds.</param>
internal sealed class SlotReader(int slots, int deliveriesPerSecond, long maxStaleness)
{
    // The time without a change after which a slot does not count as active.
    private const long ActiveFor = 10_000;

    private readonly SlotState[] _slots = [.. Enumerable.Range(0, slots).Select(_ => new SlotState())];

    /// <summary>Gets or sets how many processes read the slots; 1,000 until the number is known.</summary>
    public int Members { get; set; } = 1000;

    /// <summary>Gets how many slots are read. Fewer than exist if the fleet is too large for all of them.</summary>
    public int Readable => RearmPace.ReadableSlots(Members, slots, deliveriesPerSecond, maxStaleness);

    /// <summary>Returns D, the current interval between reads of a slot, in milliseconds.</summary>
    public long Pace(long now) =>
        RearmPace.Of(Members, Math.Max(_slots.Count(slot => now - slot.ChangedAt < ActiveFor), 1), deliveriesPerSecond, maxStaleness);

    /// <summary>Makes every slot due, because a session began and its predecessor's watches are lost.</summary>
    public void Connected()
    {
        foreach (var slot in _slots)
        {
            (slot.IsArmed, slot.ReadAt, slot.ReadBefore) = (false, long.MinValue / 2, null);

            // The server of a new session may be behind that of the last one. Then the whole slot counts as new.
            slot.Newest = 0;
        }
    }

    /// <summary>
    /// Forgets what was read, because the ensemble was wiped, restored or replaced. The whole content of each slot counts as new, after a
    /// gap.
    /// </summary>
    public void HistoryLost()
    {
        for (var slot = 0; slot < _slots.Length; slot++)
        {
            Forget(slot);
        }
    }

    /// <summary>Does the same for one slot, which is read again.</summary>
    public void Forget(int slot)
    {
        var state = _slots[slot];
        (state.Seen, state.Newest, state.IsArmed) = (state.Seen == 0 ? 0 : long.MaxValue, 0, false);
    }

    /// <summary>
    /// Returns whether a reply shows the newest known content of a slot. If not, the reply to a later read was handled before.
    /// </summary>
    /// <remarks>
    /// Replies of one session never go back in time. If a later read shows older content, the ensemble was restored from a copy that knows
    /// the session, and the slot is forgotten.
    /// </remarks>
    /// <param name="slot">The slot.</param>
    /// <param name="transaction">The transaction that wrote the content.</param>
    /// <param name="sentAt">The time at which the read was sent; 0 if unknown.</param>
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

    /// <summary>Records that the watch of a slot fired.</summary>
    /// <param name="slot">The slot.</param>
    /// <param name="now">The monotonic millisecond.</param>
    /// <param name="byOwnWrite">
    /// Whether this process is writing to the slot, so that the change is most likely its own and the next read can wait.
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

    /// <summary>Records that a write was refused: the change came from another process, and is read as soon as the pace allows.</summary>
    public void WasNotOwn(int slot)
    {
        var state = _slots[slot];
        if (!state.IsArmed && state.ReadBefore is { } readAt)
        {
            (state.ReadBefore, state.ReadAt) = (null, readAt);
        }
    }

    /// <summary>
    /// Applies a read with a watch. Returns the announcements that are new to this process, and whether some were overwritten unread.
    /// </summary>
    public IEnumerable<Announcement> Read(int slot, SlotRing ring, long created, long sentAt, out bool gap)
    {
        Armed(slot, sentAt);
        return Unseen(slot, ring, created, out gap);
    }

    /// <summary>Records that a watch is set on a slot whose content is known.</summary>
    public void Armed(int slot, long sentAt) => (_slots[slot].IsArmed, _slots[slot].ReadAt, _slots[slot].ReadBefore) = (true, sentAt, null);

    /// <summary>Records that the read of a slot failed. The slot is read again no sooner than <paramref name="retryFrom"/>.</summary>
    public void Failed(int slot, long retryFrom) => (_slots[slot].IsArmed, _slots[slot].ReadAt) = (false, retryFrom);

    /// <summary>Applies a read without a watch, made for a write. Returns the announcements that are new to this process.</summary>
    /// <param name="slot">The slot.</param>
    /// <param name="ring">The content.</param>
    /// <param name="created">The transaction that created the node. Sequence numbers of another node are not comparable.</param>
    /// <param name="gap">Whether announcements were overwritten unread.</param>
    public IEnumerable<Announcement> Unseen(int slot, SlotRing ring, long created, out bool gap)
    {
        var state = _slots[slot];
        var seen = state.Seen;
        var isAnother = seen != 0 && state.Created != created;
        (state.Seen, state.Created) = (ring.Next, created);
        if (isAnother || seen > ring.Next)
        {
            // The node or its ring was created again.
            gap = true;
            return ring.Announcements;
        }

        gap = seen != 0 && seen < ring.First;
        return ring.Announcements.Skip((int)Math.Max(seen - ring.First, 0));
    }

    /// <summary>
    /// Returns the slots to read now, with a watch. If there are none, the caller calls again at <paramref name="until"/>.
    /// </summary>
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

        /// <summary>Gets or sets the value of <see cref="ReadAt"/> before an event that this process took for its own.</summary>
        public long? ReadBefore { get; set; }

        public long ChangedAt { get; set; } = long.MinValue / 2;

        public long Seen { get; set; }

        public long Created { get; set; }

        public long Newest { get; set; }

        /// <summary>Gets or sets the time at which the read was sent that showed <see cref="Newest"/>.</summary>
        public long NewestSentAt { get; set; }
    }
}

/// <summary>
/// Computes how often slots are read after changes. The load is that of the whole fleet, so the pace depends on its size.
/// </summary>
internal static class RearmPace
{
    private const long Least = 20;

    /// <summary>
    /// Returns D = max(20 ms, members × active slots ÷ deliveries per second), at most MaxStaleness ÷ 4, in milliseconds.
    /// </summary>
    public static long Of(int members, int activeSlots, int deliveriesPerSecond, long maxStaleness) =>
        Math.Min(Math.Max(Least, (long)Math.Ceiling(1000.0 * members * activeSlots / deliveriesPerSecond)), maxStaleness / 4);

    /// <summary>Returns how many slots a fleet of this size can read at the slowest pace. Audits make up for the others.</summary>
    public static int ReadableSlots(int members, int slots, int deliveriesPerSecond, long maxStaleness) =>
        (int)Math.Min(slots, maxStaleness / 4 * deliveriesPerSecond / 1000 / Math.Max(members, 1));
}
