using NearCache.Coherence.Core;

namespace NearCache.Coherence.Ledger.Core;

/// <summary>
/// What a process knows of the mutations on one memcached server: which are explained, which audits wait, and up to which instant all is
/// certain.
/// </summary>
/// <remarks>
/// One caller at a time: its owner holds a lock, from voiding keys until <see cref="Settle"/>. What any thread may ask is its
/// <see cref="ServerGate{TProtocol}"/>. The order within the lock: void the keys, <see cref="Explain"/>, then <see cref="Settle"/>.
/// Confirming before voiding would be a stale hit.
/// </remarks>
/// <typeparam name="TProtocol">The decisions of the proof; <see cref="CoherenceProtocol"/> outside of tests.</typeparam>
/// <param name="gate">What near entries of the server are served by.</param>
internal sealed class ServerLedger<TProtocol>(ServerGate<TProtocol> gate)
    where TProtocol : struct, ICoherenceProtocol
{
    private long _life;

    /// <summary>Changes whenever the counters are lost; see <see cref="PendingRead.Life"/>.</summary>
    public long Life => _life;

    /// <summary>What near entries of the server are served by.</summary>
    public ServerGate<TProtocol> Gate => gate;

    /// <summary>Do we know where the counters stand? If not, the next step is a flush.</summary>
    public bool IsKnown { get; private set; }

    /// <summary>A counter was found absent: they are to be created before anything else.</summary>
    public bool NeedsCounters { get; private set; }

    /// <summary>Why the next flush is due, when <see cref="IsKnown"/> is false.</summary>
    public FlushReason Unknown { get; private set; } = FlushReason.FirstAudit;

    /// <summary>How far the counters are explained.</summary>
    public ExplainedCounters<TProtocol> Counters { get; } = new();

    /// <summary>The audits that wait for explanations.</summary>
    public AuditQueue Queue { get; } = new();

    /// <summary>Bumps that this process owes the server.</summary>
    public OwedBumps OwedBumps { get; } = new();

    /// <summary>A mutation is accounted for: its key has been voided here. Call <see cref="Settle"/> after the last one.</summary>
    /// <param name="n">Which mutation of the server it was.</param>
    /// <param name="segment">The segment of its key.</param>
    /// <param name="m">Which mutation of the segment it was; 0 if that is not known.</param>
    public void Explain(long n, int segment, long m)
    {
        if (IsKnown)
        {
            Counters.Explain(n, segment, m);
        }
    }

    /// <summary>
    /// News from a slot: forgets the key, unless all of it was explained before. Call <see cref="Settle"/> after the last one. True: it was
    /// new.
    /// </summary>
    public bool Hear(Announcement news, IInvalidationTarget store)
    {
        // While nothing is known, news explains nothing; but the key is dropped sooner than by the flush that is to come.
        if (IsKnown && news.Versions.All(version => Counters.Total.Has(version.N)))
        {
            return false;
        }

        store.Invalidate(news.Key.Span);
        foreach (var version in news.Versions)
        {
            Explain(version.N, news.Segment, version.M);
        }

        return true;
    }

    /// <summary>News from a slot about a remote without counters: it explains nothing, and what it names is void.</summary>
    public AuditEffect HearUncounted(Announcement news, IInvalidationTarget store)
    {
        if (news.Flushed == 0)
        {
            store.Invalidate(news.Key.Span);
            return default;
        }

        gate.Raise(news.Flushed);
        return new AuditEffect(false, news.Flushed, FlushReason.Announced);
    }

    /// <summary>
    /// News from the log of the server: the record of mutation <paramref name="n"/>. Call <see cref="Settle"/> after the last one.
    /// </summary>
    public void Hear(long n, in LogRecord record, IInvalidationTarget store)
    {
        if (!Counters.Total.Has(n))
        {
            store.Invalidate(record.Key.Span);
            Explain(n, record.Segment, record.M);
        }
    }

    /// <summary>Confirms every waiting audit whose total is explained by now. True: a later instant is confirmed.</summary>
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

    /// <summary>An audit is about to be sent.</summary>
    /// <param name="now">The time of sending.</param>
    /// <param name="segment">The segment that it reads along.</param>
    public PendingRead SendingAudit(in Timestamps now, int segment) =>
        new(now, Counters.Total.Highest, segment, [Counters.Segments[segment].Highest], _life);

    /// <summary>A flush is about to be sent.</summary>
    /// <param name="now">The time of sending.</param>
    public PendingRead SendingFlush(in Timestamps now) =>
        new(now, Counters.Total.Highest, 0, [.. Counters.Segments.Select(segment => segment.Highest)], _life);

    /// <summary>An audit was answered. It waits in the queue until it is explained, which may be at once.</summary>
    /// <param name="sent">What was noted at sending.</param>
    /// <param name="total">The counter of all mutations; null when it is absent.</param>
    /// <param name="segment">The counter of the segment that was read along; null when it is absent.</param>
    /// <param name="rulesMatch">Does the server carry exactly the rules that are applied here?</param>
    /// <param name="now">The time of receipt.</param>
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

        Counters.Total.Saw(shown);
        if (rulesMatch || TProtocol.ConfirmsDespiteOtherRules)
        {
            Queue.Add(sent.Sent, shown);
        }

        return new AuditEffect(Settle(now), 0, FlushReason.None);
    }

    /// <summary>
    /// A flush was answered: what it shows and was not explained is dropped, what it shows is known from now on, and its sending is
    /// confirmed.
    /// </summary>
    /// <param name="sent">What was noted at sending.</param>
    /// <param name="total">The counter of all mutations, which the server read before the segments.</param>
    /// <param name="segments">The 64 counters of the segments; null when absent.</param>
    /// <param name="rulesMatch">Does the server carry exactly the rules that are applied here?</param>
    /// <param name="reason">Why it was sent.</param>
    /// <param name="now">The time of receipt.</param>
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

        var raised = Counters.Learn(shown, segments);
        gate.Raise(raised);
        var confirmed = ConfirmFlush(sent, rulesMatch, now);
        return new AuditEffect(confirmed, raised, raised == 0 ? FlushReason.None : reason);
    }

    /// <summary>The counters were created, or found created by someone else: the next flush reads where they stand.</summary>
    public void CountersCreated() => NeedsCounters = false;

    /// <summary>What the answers to a mutation mean. The key has been voided here.</summary>
    /// <param name="segment">The segment of the key.</param>
    /// <param name="answered">Did the mutation and both bumps answer?</param>
    /// <param name="m">
    /// The answer to the bump of the segment; null: it was not counted, because the counter is absent or for another reason.
    /// </param>
    /// <param name="n">The answer to the bump of the total; null: it was not counted.</param>
    public AuditEffect MutationAnswered(int segment, bool answered, long? m, long? n)
    {
        if (answered && m is { } ofSegment && n is { } ofServer)
        {
            Explain(ofServer, segment, ofSegment);
            return default;
        }

        // Also when only one of the two was not counted: a total that goes on over a segment that does not show the mutation would hide it.
        if (TProtocol.OwesAfterSilence)
        {
            OwedBumps.Owe(segment);
        }

        return answered ? Lose(FlushReason.CountersAbsent) : default;
    }

    /// <summary>A debt was paid: the bumps of a segment were acknowledged.</summary>
    /// <param name="segment">The segment.</param>
    /// <param name="owed">What <see cref="OwedBumps.Owed"/> said before the bumps were sent.</param>
    /// <param name="m">The answer to the bump of the segment; null: the counter is absent.</param>
    /// <param name="n">The answer to the bump of the total; null: the counter is absent.</param>
    public AuditEffect DebtPaid(int segment, int owed, long? m, long? n)
    {
        if (m is null || n is null)
        {
            return Lose(FlushReason.CountersAbsent);
        }

        // Which keys were meant is forgotten, and one may have been filled again before the late mutation.
        OwedBumps.Paid(segment, owed);
        gate.Raise(1ul << segment);
        Explain(n.Value, segment, m.Value);
        return new AuditEffect(false, 1ul << segment, FlushReason.DebtPaid);
    }

    /// <summary>The counters have lost their history: nothing of the server is served until a flush said where they stand.</summary>
    /// <remarks>OwedBumps stay: a lost segment does not show other readers, who have the total, what else is owed.</remarks>
    public AuditEffect Lose(FlushReason reason)
    {
        NeedsCounters |= reason == FlushReason.CountersAbsent;
        IsKnown = false;
        Unknown = reason;
        _life++;
        Queue.Clear();
        return RaiseAll(reason);
    }

    /// <summary>Everything that is kept of this server is gone.</summary>
    public AuditEffect RaiseAll(FlushReason reason)
    {
        gate.Raise(ulong.MaxValue);
        return new AuditEffect(false, ulong.MaxValue, reason);
    }

    /// <summary>Puts the ledger into a state met before; for a test that explores states. The parts are put back by themselves.</summary>
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

/// <summary>
/// What must be remembered from the moment at which an audit or a flush is sent until its answer comes. Throw it away if none comes.
/// </summary>
/// <param name="Sent">The time of sending, taken before the first byte is handed on.</param>
/// <param name="TotalAtLeast">The total cannot be lower than this unless the server lost it.</param>
/// <param name="Segment">The segment that an audit reads beside the total.</param>
/// <param name="SegmentsAtLeast">The same bound for that segment (audit), or for each of the 64 (flush).</param>
/// <param name="Life">Which life of the counters this belongs to: an answer that arrives after a loss was noticed says nothing.</param>
internal readonly record struct PendingRead(Timestamps Sent, long TotalAtLeast, int Segment, long[] SegmentsAtLeast, long Life);
