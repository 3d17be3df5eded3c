using NearCache.Coherence.Core;

namespace NearCache.Coherence.Ledger.Core;

/// <summary>
/// The record of one memcached server: which mutations are explained, which audits wait, and up to which instant the near entries are
/// current.
/// </summary>
/// <remarks>
/// The main type of the ledger: counters, log records and announcements explain the mutations that an audit has counted. Requires a lock of
/// its owner, held from voiding keys until <see cref="Settle"/>. The order within the lock is: void the keys, <see cref="Explain"/>, then
/// <see cref="Settle"/>. Confirming before voiding would allow a stale hit. The <see cref="ServerGate{TProtocol}"/> is thread-safe.
/// </remarks>
/// <typeparam name="TProtocol">The decisions of the proof. <see cref="CoherenceProtocol"/> outside of tests.</typeparam>
/// <param name="gate">The gate of the near entries of the server.</param>
internal sealed class ServerLedger<TProtocol>(ServerGate<TProtocol> gate)
    where TProtocol : struct, ICoherenceProtocol
{
    private long _life;

    /// <summary>
    /// Gets the number of the counters' present life. Each loss of the counters changes it; see <see cref="PendingRead.Life"/>.
    /// </summary>
    public long Life => _life;

    /// <summary>Gets the gate of the near entries of the server.</summary>
    public ServerGate<TProtocol> Gate => gate;

    /// <summary>Gets whether the values of the counters are known. If not, the next step is a flush.</summary>
    public bool IsKnown { get; private set; }

    /// <summary>Gets whether a counter was found missing, so that the counters must be created first.</summary>
    public bool NeedsCounters { get; private set; }

    /// <summary>Gets why the next flush is due, if <see cref="IsKnown"/> is false.</summary>
    public FlushReason Unknown { get; private set; } = FlushReason.FirstAudit;

    /// <summary>Gets how far the counters are explained.</summary>
    public ExplainedCounters<TProtocol> Counters { get; } = new();

    /// <summary>Gets the audits that wait for an explanation.</summary>
    public AuditQueue Queue { get; } = new();

    /// <summary>Gets the increments that this process owes to the server.</summary>
    public OwedBumps OwedBumps { get; } = new();

    /// <summary>
    /// Explains a mutation. Requires that its key is void here. The caller calls <see cref="Settle"/> after the last one.
    /// </summary>
    /// <param name="n">The number of the mutation on the server.</param>
    /// <param name="segment">The segment of its key.</param>
    /// <param name="m">The number of the mutation in its segment; 0 if unknown.</param>
    public void Explain(long n, int segment, long m)
    {
        if (IsKnown)
        {
            Counters.Explain(n, segment, m);
        }
    }

    /// <summary>
    /// Applies an announcement: voids the key, unless all of its versions were explained before. The caller calls <see cref="Settle"/>
    /// after the last one. Returns whether the announcement was new.
    /// </summary>
    public bool Receive(Announcement announcement, IInvalidationTarget store)
    {
        // While the counters are unknown, an announcement explains nothing; but it drops the key sooner than the coming flush.
        if (IsKnown && announcement.Versions.All(version => Counters.Total.Has(version.N)))
        {
            return false;
        }

        store.Invalidate(announcement.Key.Span, new(InvalidationCause.Announced));
        foreach (var version in announcement.Versions)
        {
            Explain(version.N, announcement.Segment, version.M);
        }

        return true;
    }

    /// <summary>Applies an announcement of a remote without counters: it explains nothing, and voids what it names.</summary>
    public AuditEffect ReceiveUncounted(Announcement announcement, IInvalidationTarget store)
    {
        if (announcement.Flushed == 0)
        {
            store.Invalidate(announcement.Key.Span, new(InvalidationCause.Announced));
            return default;
        }

        gate.Raise(announcement.Flushed);
        return new AuditEffect(false, announcement.Flushed, FlushReason.Announced);
    }

    /// <summary>
    /// Applies the log record of mutation <paramref name="n"/>. The caller calls <see cref="Settle"/> after the last one.
    /// </summary>
    public void Receive(long n, in LogRecord record, IInvalidationTarget store)
    {
        if (!Counters.Total.Has(n))
        {
            store.Invalidate(record.Key.Span, new(InvalidationCause.Audited, record.Writer));
            Explain(n, record.Segment, record.M);
        }
    }

    /// <summary>Confirms every waiting audit whose total is explained. Returns whether a later instant was confirmed.</summary>
    public bool Settle(in Timestamps now)
    {
        var confirmed = false;
        for (var audit = Queue.Count - 1; audit >= 0; audit--)
        {
            if (TProtocol.IsExplained(Counters.Total, Queue[audit].Total))
            {
                confirmed |= gate.Confirm(TProtocol.Confirms(Queue[audit].Sent, now));
                Queue.RemoveAt(audit);
            }
        }

        return confirmed;
    }

    /// <summary>Notes the state before an audit is sent.</summary>
    /// <param name="now">The time of sending.</param>
    /// <param name="segment">The segment that the audit reads.</param>
    public PendingRead SendingAudit(in Timestamps now, int segment) =>
        new(now, Counters.Total.Highest, segment, [Counters.Segments[segment].Highest], _life);

    /// <summary>Notes the state before a flush is sent.</summary>
    /// <param name="now">The time of sending.</param>
    public PendingRead SendingFlush(in Timestamps now) =>
        new(now, Counters.Total.Highest, 0, [.. Counters.Segments.Select(segment => segment.Highest)], _life);

    /// <summary>Applies the reply to an audit. It waits in the queue until it is explained, which may be at once.</summary>
    /// <param name="sent">The state noted at sending.</param>
    /// <param name="total">The counter of all mutations; null if it is missing.</param>
    /// <param name="segment">The counter of the segment that was read; null if it is missing.</param>
    /// <param name="rulesMatch">Whether the server carries exactly the rules that this process applies.</param>
    /// <param name="now">The time of the reply.</param>
    public AuditEffect AuditAnswered(in PendingRead sent, long? total, long? segment, bool rulesMatch, in Timestamps now)
    {
        if (!IsKnown || sent.Life != _life)
        {
            return default;
        }

        if (total is not { } shown || segment is not { } shownSegment)
        {
            return Lose(FlushReason.CountersAbsent);
        }

        if (Counters.AreLost(sent, shown, shownSegment, out var how))
        {
            return Lose(how);
        }

        Counters.Total.Observe(shown);
        if (rulesMatch || TProtocol.ConfirmsDespiteOtherRules)
        {
            Queue.Add(sent.Sent, shown);
        }

        return new AuditEffect(Settle(now), 0, FlushReason.None);
    }

    /// <summary>
    /// Applies the reply to a flush: voids the segments that show more than was explained, takes the counters as known, and confirms the
    /// time of sending.
    /// </summary>
    /// <param name="sent">The state noted at sending.</param>
    /// <param name="total">The counter of all mutations, which the server read before the segments.</param>
    /// <param name="segments">The 64 segment counters; null for those that are missing.</param>
    /// <param name="rulesMatch">Whether the server carries exactly the rules that this process applies.</param>
    /// <param name="reason">Why it was sent.</param>
    /// <param name="now">The time of the reply.</param>
    public AuditEffect Flushed(
        in PendingRead sent, long? total, ReadOnlySpan<long?> segments, bool rulesMatch, FlushReason reason, in Timestamps now)
    {
        if (sent.Life != _life)
        {
            return default;
        }

        if (total is not { } shown || segments.Contains(null))
        {
            return Lose(FlushReason.CountersAbsent);
        }

        if (!IsKnown)
        {
            return Begin(sent, shown, segments, rulesMatch, now);
        }

        if (Counters.AreLost(sent, shown, segments, out var how))
        {
            return Lose(how);
        }

        var raised = Counters.AdvanceTo(shown, segments);
        gate.Raise(raised);
        var confirmed = ConfirmFlush(sent, rulesMatch, now);
        return new AuditEffect(confirmed, raised, raised == 0 ? FlushReason.None : reason);
    }

    /// <summary>Records that the counters exist, whichever process created them. The next flush reads their values.</summary>
    public void CountersCreated() => NeedsCounters = false;

    /// <summary>Applies the replies to a mutation. Requires that the key is void here.</summary>
    /// <param name="segment">The segment of the key.</param>
    /// <param name="answered">Whether the mutation and both increments were answered.</param>
    /// <param name="m">
    /// The reply to the increment of the segment; null if it was not counted, because the counter is missing or for another reason.
    /// </param>
    /// <param name="n">The reply to the increment of the total; null if it was not counted.</param>
    public AuditEffect MutationAnswered(int segment, bool answered, long? m, long? n)
    {
        if (answered && m is { } ofSegment && n is { } ofServer)
        {
            Explain(ofServer, segment, ofSegment);
            return default;
        }

        // Also if only one of the two was not counted: a total that continues over a segment without the mutation would hide it.
        if (TProtocol.OwesAfterSilence)
        {
            OwedBumps.Owe(segment);
        }

        return answered ? Lose(FlushReason.CountersAbsent) : default;
    }

    /// <summary>Records that an owed bump was sent: the increments of a segment were acknowledged.</summary>
    /// <param name="segment">The segment.</param>
    /// <param name="owed">The value of <see cref="OwedBumps.Owed"/> before the increments were sent.</param>
    /// <param name="m">The reply to the increment of the segment; null if the counter is missing.</param>
    /// <param name="n">The reply to the increment of the total; null if the counter is missing.</param>
    public AuditEffect OwedBumpSent(int segment, int owed, long? m, long? n)
    {
        if (m is null || n is null)
        {
            return Lose(FlushReason.CountersAbsent);
        }

        // The keys of the owed bumps are unknown, and one of them may have been filled again before the late mutation.
        OwedBumps.Paid(segment, owed);
        gate.Raise(1ul << segment);
        Explain(n.Value, segment, m.Value);
        return new AuditEffect(false, 1ul << segment, FlushReason.OwedBumpSent);
    }

    /// <summary>Records that the counters have lost their history: nothing of the server is served until a flush has read them.</summary>
    /// <remarks>Owed bumps remain: a lost segment counter does not show other readers, which have the total, what else is owed.</remarks>
    public AuditEffect Lose(FlushReason reason)
    {
        NeedsCounters |= reason == FlushReason.CountersAbsent;
        IsKnown = false;
        Unknown = reason;
        _life++;
        Queue.Clear();
        return RaiseAll(reason);
    }

    /// <summary>Voids all near entries of the server, and closes its gate: no audit that was sent before confirms.</summary>
    public AuditEffect Close(FlushReason reason)
    {
        Queue.Clear();
        gate.Close();
        return RaiseAll(reason);
    }

    /// <summary>Voids all near entries of the server.</summary>
    public AuditEffect RaiseAll(FlushReason reason)
    {
        gate.Raise(ulong.MaxValue);
        return new AuditEffect(false, ulong.MaxValue, reason);
    }

    /// <summary>Restores an explored state, except the parts, which restore their own. For model tests.</summary>
    internal void Restore(in Timestamps confirmed, ReadOnlySpan<long> generations, bool isKnown = true, bool needsCounters = false)
    {
        (IsKnown, NeedsCounters) = (isKnown, needsCounters);
        gate.Restore(confirmed, generations);
    }

    private AuditEffect Begin(in PendingRead sent, long total, ReadOnlySpan<long?> segments, bool rulesMatch, in Timestamps now)
    {
        var effect = RaiseAll(Unknown);
        Counters.Restart(total, segments);
        (IsKnown, NeedsCounters) = (true, false);
        return effect with { Confirmed = ConfirmFlush(sent, rulesMatch, now) };
    }

    private bool ConfirmFlush(in PendingRead sent, bool rulesMatch, in Timestamps now)
    {
        Queue.Clear();
        return (rulesMatch || TProtocol.ConfirmsDespiteOtherRules) && gate.Confirm(TProtocol.Confirms(sent.Sent, now));
    }
}

/// <summary>The state at the sending of an audit or a flush, kept until its reply. Discarded if no reply comes.</summary>
/// <param name="Sent">The time of sending, taken before the first byte is sent.</param>
/// <param name="TotalAtLeast">The least value that the total can have, unless the server lost it.</param>
/// <param name="Segment">The segment that an audit reads beside the total.</param>
/// <param name="SegmentsAtLeast">The same bound for that segment (audit), or for each of the 64 (flush).</param>
/// <param name="Life">The life of the counters. A reply that arrives after a loss was noticed is ignored.</param>
internal readonly record struct PendingRead(Timestamps Sent, long TotalAtLeast, int Segment, long[] SegmentsAtLeast, long Life);
