namespace NearCache.Coherence.Core;

/// <summary>What a process knows of the mutations on one memcached server: which are explained, which audits wait, and up to which instant all is certain.</summary>
/// <remarks>
/// One caller at a time changes it (its owner holds a lock, from voiding keys until <see cref="Settle"/>); any thread may ask
/// <see cref="Generation"/>, <see cref="IsCurrent"/>, <see cref="BeginFill"/>, <see cref="MayServe"/> and <see cref="Confirmed"/>.
/// The order within the lock: void the keys, <see cref="Explain"/>, then <see cref="Settle"/>. Confirming before voiding would be a stale hit.
/// </remarks>
/// <typeparam name="TDesign">The decisions of the proof; <see cref="AsDesigned"/> outside of tests.</typeparam>
internal class ServerLedger<TDesign>
    where TDesign : struct, IDesign
{
    private readonly ProcessEpochs _epochs;
    private readonly long[] _generations = new long[KeyHash.Segments];
    private long _confirmedMonotonic = Moment.Never.Monotonic;
    private long _confirmedWall = Moment.Never.Wall;
    private long _life;

    /// <summary>Makes the ledger of a server of which nothing is known.</summary>
    /// <param name="identity">Names the server, the same in every process of the fleet: never an index.</param>
    /// <param name="epochs">What the servers of the process share.</param>
    public ServerLedger(string identity, ProcessEpochs epochs)
    {
        _epochs = epochs;
        Identity = identity;
        IdentityHash = KeyHash.Of(System.Text.Encoding.UTF8.GetBytes(identity)).Value;
        for (var segment = 0; segment < KeyHash.Segments; segment++)
        {
            Segments[segment] = new GaplessPrefix();
        }
    }

    /// <summary>The server's name.</summary>
    public string Identity { get; }

    /// <summary>Its name in slots.</summary>
    public ulong IdentityHash { get; }

    /// <summary>Do we know where the counters stand? If not, the next step is a flush.</summary>
    public bool IsKnown { get; private set; }

    /// <summary>A counter was found absent: they are to be created before anything else.</summary>
    public bool NeedsCounters { get; private set; }

    /// <summary>Why the next flush is due, when <see cref="IsKnown"/> is false.</summary>
    public FlushReason Unknown { get; private set; } = FlushReason.FirstAudit;

    /// <summary>The explained mutations of the server.</summary>
    public GaplessPrefix Total { get; } = new();

    /// <summary>The explained mutations of each segment.</summary>
    public GaplessPrefix[] Segments { get; } = new GaplessPrefix[KeyHash.Segments];

    /// <summary>The audits that wait for explanations.</summary>
    public AuditQueue Queue { get; } = new();

    /// <summary>Bumps that this process owes the server.</summary>
    public Debts Debts { get; } = new();

    /// <summary>Everything that was complete at this instant is reflected in what is served.</summary>
    public Moment Confirmed => new(Volatile.Read(ref _confirmedMonotonic), Volatile.Read(ref _confirmedWall));

    /// <summary>The generation of a segment; an entry of an older one is gone.</summary>
    public long Generation(int segment) => Volatile.Read(ref _generations[segment]);

    /// <summary>May an entry be served now?</summary>
    /// <remarks>The confirmed instant is read before the generation: who sees a new confirmation also sees what was raised for it.</remarks>
    /// <param name="segment">The entry's segment.</param>
    /// <param name="generation">The generation it was stamped with.</param>
    /// <param name="now">Read before the entry was looked up.</param>
    /// <param name="maxStaleness">In milliseconds.</param>
    public bool IsCurrent(int segment, long generation, in Moment now, long maxStaleness) =>
        IsOpen(now, maxStaleness) && Volatile.Read(ref _generations[segment]) == generation;

    /// <summary>Is the gate open: is the last confirmed instant recent enough on both clocks?</summary>
    public bool IsOpen(in Moment now, long maxStaleness) =>
        TDesign.IsOpen(now.Monotonic, Volatile.Read(ref _confirmedMonotonic), maxStaleness)
        && TDesign.IsOpenByWall(now.Wall, Volatile.Read(ref _confirmedWall), maxStaleness);

    /// <summary>Takes the token of a fill, before its remote read is sent.</summary>
    /// <param name="key">The hash of the key.</param>
    /// <param name="ring"><see cref="ProcessEpochs.Ring"/>, read before the server list was asked for this server.</param>
    /// <param name="rule">The generation of the rule, kept in the token for the caller to compare.</param>
    /// <param name="now">The time of sending.</param>
    public FillToken BeginFill(KeyHash key, long ring, long rule, in Moment now)
    {
        var stripe = key.Stripe(Stripes.Count);
        return new FillToken(now, key.Segment, Generation(key.Segment), rule, ring, stripe, _epochs.Stripes.Read(stripe));
    }

    /// <summary>The generation that the entry of a fill is stamped with.</summary>
    public long Stamp(in FillToken token) => TDesign.Stamp(token.Generation, Generation(token.Segment));

    /// <summary>May the entry of a fill be served? Asked once, after the entry is in the map and before anyone may be given it; if not, it is taken out again.</summary>
    public bool MayServe(in FillToken token) =>
        TDesign.MayServe(token.Epoch, _epochs.Stripes.Read(token.Stripe))
        && token.Ring == _epochs.Ring
        && Stamp(token) == Generation(token.Segment);

    /// <summary>A mutation is accounted for: its key has been voided here. Call <see cref="Settle"/> after the last one.</summary>
    /// <param name="n">Which mutation of the server it was.</param>
    /// <param name="segment">The segment of its key.</param>
    /// <param name="m">Which mutation of the segment it was; 0 if that is not known.</param>
    public void Explain(long n, int segment, long m)
    {
        if (IsKnown)
        {
            Total.Explain(n);
            Segments[segment].Explain(m);
        }
    }

    /// <summary>News from a slot: forgets the key, unless all of it was explained before. Call <see cref="Settle"/> after the last one. True: it was new.</summary>
    public bool Hear(Announcement news, IForget store)
    {
        // While nothing is known, news explains nothing; but the key is dropped sooner than by the flush that is to come.
        if (IsKnown && news.Versions.All(version => Total.Has(version.N)))
        {
            return false;
        }

        store.Forget(news.Key.Span);
        foreach (var version in news.Versions)
        {
            Explain(version.N, news.Segment, version.M);
        }

        return true;
    }

    /// <summary>News from a slot about a remote without counters: it explains nothing, and what it names is void.</summary>
    public AuditEffect HearUncounted(Announcement news, IForget store)
    {
        if (news.Flushed == 0)
        {
            store.Forget(news.Key.Span);
            return default;
        }

        for (var segment = 0; segment < KeyHash.Segments; segment++)
        {
            if ((news.Flushed >> segment & 1) != 0)
            {
                Raise(segment);
            }
        }

        return new AuditEffect(false, news.Flushed, FlushReason.Announced);
    }

    /// <summary>News from the log of the server: the record of mutation <paramref name="n"/>. Call <see cref="Settle"/> after the last one.</summary>
    public void Hear(long n, in LogRecord record, IForget store)
    {
        if (!Total.Has(n))
        {
            store.Forget(record.Key.Span);
            Explain(n, record.Segment, record.M);
        }
    }

    /// <summary>Confirms every waiting audit whose total is explained by now. True: a later instant is confirmed.</summary>
    public bool Settle(in Moment now)
    {
        var confirmed = false;
        for (var audit = Queue.Count - 1; audit >= 0; audit--)
        {
            if (TDesign.IsExplained(Total, Queue[audit].Total))
            {
                confirmed |= Confirm(TDesign.Confirms(Queue[audit].Sent, now));
                Queue.RemoveAt(audit);
            }
        }

        return confirmed;
    }

    /// <summary>An audit is about to be sent.</summary>
    /// <param name="now">The time of sending.</param>
    /// <param name="segment">The segment that it reads along.</param>
    public SentRead SendingAudit(in Moment now, int segment) => new(now, Total.Highest, segment, [Segments[segment].Highest], _life);

    /// <summary>A flush is about to be sent.</summary>
    /// <param name="now">The time of sending.</param>
    public SentRead SendingFlush(in Moment now) => new(now, Total.Highest, 0, [.. Segments.Select(segment => segment.Highest)], _life);

    /// <summary>An audit was answered. It waits in the queue until it is explained, which may be at once.</summary>
    /// <param name="sent">What was noted at sending.</param>
    /// <param name="total">The counter of all mutations; null when it is absent.</param>
    /// <param name="segment">The counter of the segment that was read along; null when it is absent.</param>
    /// <param name="rulesMatch">Does the server carry exactly the rules that are applied here?</param>
    /// <param name="now">The time of receipt.</param>
    public AuditEffect AuditAnswered(in SentRead sent, long? total, long? segment, bool rulesMatch, in Moment now)
    {
        if (!IsKnown || sent.Life != _life)
        {
            return default;
        }

        if (total is not { } shown || segment is not { } shownSegment)
        {
            return Lose(FlushReason.CountersAbsent);
        }

        if (IsLost(Total, shown, sent.TotalAtLeast, out var how) || IsLost(Segments[sent.Segment], shownSegment, sent.SegmentsAtLeast[0], out how))
        {
            return Lose(how);
        }

        Total.Saw(shown);
        if (rulesMatch || TDesign.ConfirmsDespiteOtherRules)
        {
            Queue.Add(sent.Sent, shown);
        }

        return new AuditEffect(Settle(now), 0, FlushReason.None);
    }

    /// <summary>A flush was answered: what it shows and was not explained is dropped, what it shows is known from now on, and its sending is confirmed.</summary>
    /// <param name="sent">What was noted at sending.</param>
    /// <param name="total">The counter of all mutations, which the server read before the segments.</param>
    /// <param name="segments">The 64 counters of the segments; null when absent.</param>
    /// <param name="rulesMatch">Does the server carry exactly the rules that are applied here?</param>
    /// <param name="reason">Why it was sent.</param>
    /// <param name="now">The time of receipt.</param>
    public AuditEffect Flushed(in SentRead sent, long? total, ReadOnlySpan<long?> segments, bool rulesMatch, FlushReason reason, in Moment now)
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

        var lost = IsLost(Total, shown, sent.TotalAtLeast, out var how);
        for (var segment = 0; segment < KeyHash.Segments && !lost; segment++)
        {
            lost = IsLost(Segments[segment], segments[segment]!.Value, sent.SegmentsAtLeast[segment], out how);
        }

        if (lost)
        {
            return Lose(how);
        }

        ulong raised = 0;
        for (var segment = 0; segment < KeyHash.Segments; segment++)
        {
            var counter = segments[segment]!.Value;
            if (TDesign.MustFlush(Segments[segment], counter))
            {
                raised |= 1ul << segment;
                Raise(segment);
            }

            Segments[segment].Learn(counter);
        }

        Total.Learn(shown);
        var confirmed = ConfirmFlush(sent, rulesMatch, now);
        return new AuditEffect(confirmed, raised, raised == 0 ? FlushReason.None : reason);
    }

    /// <summary>The counters were created, or found created by someone else: the next flush reads where they stand.</summary>
    public void CountersCreated() => NeedsCounters = false;

    /// <summary>What the answers to a mutation mean. The key has been voided here.</summary>
    /// <param name="segment">The segment of the key.</param>
    /// <param name="answered">Did the mutation and both bumps answer?</param>
    /// <param name="m">The answer to the bump of the segment; null: it was not counted, because the counter is absent or for another reason.</param>
    /// <param name="n">The answer to the bump of the total; null: it was not counted.</param>
    public AuditEffect MutationAnswered(int segment, bool answered, long? m, long? n)
    {
        if (answered && m is { } ofSegment && n is { } ofServer)
        {
            Explain(ofServer, segment, ofSegment);
            return default;
        }

        // Also when only one of the two was not counted: a total that goes on over a segment that does not show the mutation would hide it.
        if (TDesign.OwesAfterSilence)
        {
            Debts.Owe(segment);
        }

        return answered ? Lose(FlushReason.CountersAbsent) : default;
    }

    /// <summary>A debt was paid: the bumps of a segment were acknowledged.</summary>
    /// <param name="segment">The segment.</param>
    /// <param name="owed">What <see cref="Debts.Owed"/> said before the bumps were sent.</param>
    /// <param name="m">The answer to the bump of the segment; null: the counter is absent.</param>
    /// <param name="n">The answer to the bump of the total; null: the counter is absent.</param>
    public AuditEffect DebtPaid(int segment, int owed, long? m, long? n)
    {
        if (m is null || n is null)
        {
            return Lose(FlushReason.CountersAbsent);
        }

        // Which keys were meant is forgotten, and one may have been filled again before the late mutation.
        Debts.Paid(segment, owed);
        Raise(segment);
        Explain(n.Value, segment, m.Value);
        return new AuditEffect(false, 1ul << segment, FlushReason.DebtPaid);
    }

    /// <summary>The counters have lost their history: nothing of the server is served until a flush said where they stand.</summary>
    /// <remarks>Debts stay: a lost segment does not show other readers, who have the total, what else is owed.</remarks>
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
        for (var segment = 0; segment < KeyHash.Segments; segment++)
        {
            Raise(segment);
        }

        return new AuditEffect(false, ulong.MaxValue, reason);
    }

    /// <summary>Puts the ledger into a state met before; for a test that explores states. The parts are put back by themselves.</summary>
    internal void Restore(in Moment confirmed, ReadOnlySpan<long> generations, bool isKnown = true, bool needsCounters = false)
    {
        (IsKnown, NeedsCounters) = (isKnown, needsCounters);
        (_confirmedMonotonic, _confirmedWall) = confirmed;
        generations.CopyTo(_generations);
    }

    private AuditEffect Begin(in SentRead sent, long total, ReadOnlySpan<long?> segments, bool rulesMatch, in Moment now)
    {
        var effect = RaiseAll(Unknown);
        for (var segment = 0; segment < KeyHash.Segments; segment++)
        {
            Segments[segment].Restart(segments[segment]!.Value);
        }

        Total.Restart(total);
        (IsKnown, NeedsCounters) = (true, false);
        return effect with { Confirmed = ConfirmFlush(sent, rulesMatch, now) };
    }

    private bool ConfirmFlush(in SentRead sent, bool rulesMatch, in Moment now)
    {
        Queue.Clear();
        return (rulesMatch || TDesign.ConfirmsDespiteOtherRules) && Confirm(TDesign.Confirms(sent.Sent, now));
    }

    private bool Confirm(in Moment instant)
    {
        if (instant.Monotonic <= _confirmedMonotonic)
        {
            return false;
        }

        _epochs.Confirming();
        Volatile.Write(ref _confirmedWall, instant.Wall);
        Volatile.Write(ref _confirmedMonotonic, instant.Monotonic);
        return true;
    }

    private static bool IsLost(GaplessPrefix counter, long shown, long atLeast, out FlushReason how)
    {
        how = shown < atLeast ? FlushReason.CountersBackward : FlushReason.CountersJumped;
        return TDesign.IsLost(shown, atLeast, counter.Known);
    }

    private void Raise(int segment) => Interlocked.Increment(ref _generations[segment]);
}
