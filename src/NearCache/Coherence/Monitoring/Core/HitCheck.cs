using NearCache.Coherence.Ledger.Core;

namespace NearCache.Coherence.Monitoring.Core;

/// <summary>Checks one near hit against its server: the deterministic part of the monitor.</summary>
/// <remarks>
/// <para>
/// The owner executes one step at a time: <see cref="Next"/>, the command, then its reply. Not thread-safe. A violation needs all of this:
/// the entry was near at the time of sampling; a later read showed another CAS; the log record of a mutation of the key was read, so that
/// the mutation is complete; the mutation was unexplained at the time of sampling; and the same entry is served after more than the bound
/// since the record was read.
/// </para>
/// <para>
/// No correct process can be accused: an audit that is sent after the mutation counts it, and is confirmed only once it is explained, which
/// voids the entry, because the entry was already near. A mutation that was explained before may be older than the entry, and proves
/// nothing: the item may have been evicted, and stored again by another process without a write.
/// </para>
/// </remarks>
/// <param name="sampledAt">The monotonic millisecond at which the entry was found servable.</param>
/// <param name="cas">The CAS of the near value.</param>
/// <param name="explained">The highest mutation of the server that was explained after that.</param>
internal sealed class HitCheck(long sampledAt, ulong cas, long explained)
{
    /// <summary>
    /// The time from the sampling to the read, in milliseconds. Only mutations after the sampling prove anything, so the check waits.
    /// </summary>
    public const long Hold = 5_000;

    /// <summary>The resolution of the clocks and more, in milliseconds. Added to the bound.</summary>
    public const long Margin = 50;

    // The log records that one command group reads, and that one search reads at most, from the newest on.
    private const int LogsPerStep = 128;
    private const int LogsPerSearch = 512;

    private const int Searches = 2;

    // When the check looks whether a newer version has voided the entry: the buckets of the delay, before the bound.
    private static readonly long[] Looks = [10, 100, 1_000];

    private CheckStepKind _next = CheckStepKind.Look;
    private long _dueAt = sampledAt + Hold;
    private long _total;
    private long _unread;   // the highest mutation that the current search has not read
    private int _searches;

    /// <summary>Gets the outcome; null while the check goes on.</summary>
    public CheckOutcome? Outcome { get; private set; }

    /// <summary>Gets when the reply arrived that showed another version; null before.</summary>
    public long? DifferedAt { get; private set; }

    /// <summary>Gets the CAS that the server showed; null if there was no item.</summary>
    public ulong? ShownCas { get; private set; }

    /// <summary>Gets the number of the mutation that replaced the near value; 0 before its log record was read.</summary>
    public long Mutation { get; private set; }

    /// <summary>Gets when its log record was read: the mutation was complete by then.</summary>
    public long CompletedBy { get; private set; }

    /// <summary>Gets the highest mutation that was explained when the hit was sampled.</summary>
    public long Explained => explained;

    /// <summary>Gets the index of the bucket of the delay if the entry was voided: 10 ms, 100 ms, 1 s, the bound.</summary>
    public int Bucket { get; private set; }

    /// <summary>Returns the next step.</summary>
    public CheckStep Next(long now)
    {
        if (Outcome is not null)
        {
            return new CheckStep(CheckStepKind.Done);
        }

        if (now < _dueAt)
        {
            return new CheckStep(CheckStepKind.Wait, _dueAt);
        }

        return _next == CheckStepKind.ReadLogs ? new CheckStep(_next, Logs: Batch()) : new CheckStep(_next);
    }

    /// <summary>Applies a look at the entry.</summary>
    /// <param name="state">What a hit of the entry would find now.</param>
    /// <param name="bound">The promised bound of the entry's rule, in milliseconds.</param>
    /// <param name="now">The monotonic clock, read for the look.</param>
    public void Looked(HitState state, long bound, long now)
    {
        if (DifferedAt is not { } differedAt)
        {
            // Nothing is known of an entry that left before it could be compared.
            if (state == HitState.Served)
            {
                Do(CheckStepKind.Read, now);
            }
            else
            {
                End();
            }

            return;
        }

        var elapsed = now - differedAt;
        if (state == HitState.Gone)
        {
            Bucket = Array.FindIndex(Looks, look => elapsed < 2 * look) is var bucket and >= 0 ? bucket : Looks.Length;
            Outcome = CheckOutcome.Voided;
        }
        else if (Mutation != 0)
        {
            LookedAfterProof(state, bound, now);
        }
        else if (elapsed >= bound)
        {
            LookedAtBound(state, now);
        }
        else if (elapsed < Looks[^1])
        {
            Do(CheckStepKind.Look, differedAt + Looks.First(look => look > elapsed));
        }
        else if (_searches == 0)
        {
            Search(now);
        }
        else
        {
            Do(CheckStepKind.Look, differedAt + bound);
        }
    }

    /// <summary>Applies the reply to the read of the key and of the total.</summary>
    /// <param name="shown">The CAS of the item; null if there is none.</param>
    /// <param name="total">The counter of all mutations; null if it is missing.</param>
    /// <param name="now">The time of the reply.</param>
    public void Answered(ulong? shown, long? total, long now)
    {
        if (shown == cas)
        {
            Outcome = CheckOutcome.Agreed;
        }
        else if (total is not { } counted || counted < explained || counted - explained > GaplessPrefix.MaxDistance)
        {
            End();
        }
        else
        {
            (DifferedAt, ShownCas, _total) = (now, shown, counted);
            Do(CheckStepKind.Look, now + Looks[0]);
        }
    }

    /// <summary>Applies the replies to the reads of log records.</summary>
    /// <param name="found">The highest mutation among them whose record names the key; null if there is none.</param>
    /// <param name="now">The time of the reply.</param>
    public void LogsRead(long? found, long now)
    {
        if (found is { } mutation)
        {
            (Mutation, CompletedBy) = (mutation, now);
            Do(CheckStepKind.Look, now);
            return;
        }

        _unread -= LogsPerStep;
        if (_unread <= explained || _unread <= _total - LogsPerSearch)
        {
            _searches++;
            Do(CheckStepKind.Look, now);
        }
    }

    /// <summary>Ends the check without a result: the server does not reply, or its counters began a new life.</summary>
    public void End() => Outcome ??= CheckOutcome.Ended;

    private void LookedAfterProof(HitState state, long bound, long now)
    {
        if (now <= CompletedBy + bound + Margin)
        {
            Do(CheckStepKind.Look, CompletedBy + bound + Margin + 1);
        }
        else if (state == HitState.Served)
        {
            Outcome = CheckOutcome.Violation;
        }
        else
        {
            End();
        }
    }

    private void LookedAtBound(HitState state, long now)
    {
        if (state != HitState.Served)
        {
            End();
        }
        else if (_searches == Searches)
        {
            Outcome = CheckOutcome.Unclassified;
        }
        else
        {
            // The writer may have been slow to store its record.
            Search(now);
        }
    }

    private void Search(long now)
    {
        _unread = _total;
        if (_unread <= explained)
        {
            Outcome = CheckOutcome.Unclassified;
            return;
        }

        Do(CheckStepKind.ReadLogs, now);
    }

    private long[] Batch()
    {
        var lowest = Math.Max(explained + 1, _unread - LogsPerStep + 1);
        return [.. Enumerable.Range(0, (int)(_unread - lowest + 1)).Select(offset => _unread - offset)];
    }

    private void Do(CheckStepKind next, long at) => (_next, _dueAt) = (next, at);
}

/// <summary>One step of the owner of a check.</summary>
/// <param name="Kind">What to do.</param>
/// <param name="Until">For Wait: the monotonic millisecond by which to ask again.</param>
/// <param name="Logs">For ReadLogs: the numbers of the mutations, the highest first.</param>
internal readonly record struct CheckStep(CheckStepKind Kind, long Until = 0, IReadOnlyList<long>? Logs = null);

/// <summary>Specifies what the owner of a check does next.</summary>
internal enum CheckStepKind
{
    /// <summary>Nothing before <see cref="CheckStep.Until"/>.</summary>
    Wait,

    /// <summary>Determine what a hit of the entry would find.</summary>
    Look,

    /// <summary>Read the CAS of the key, then the total, in one write on one connection.</summary>
    Read,

    /// <summary>Read log records, in one write.</summary>
    ReadLogs,

    /// <summary>Nothing: the check has an outcome.</summary>
    Done,
}

/// <summary>Specifies what a hit of a sampled entry would find.</summary>
internal enum HitState
{
    /// <summary>The entry would be served.</summary>
    Served,

    /// <summary>The entry stands, but the gate of its server is closed.</summary>
    Closed,

    /// <summary>The entry was voided, dropped or replaced, or has expired.</summary>
    Gone,
}

/// <summary>Specifies how a check ended. The lower-case name is a tag of the metric.</summary>
internal enum CheckOutcome
{
    /// <summary>The check could not be completed. It counts for nothing.</summary>
    Ended,

    /// <summary>The server has the version that was served.</summary>
    Agreed,

    /// <summary>The server had another version, and the entry was voided in time.</summary>
    Voided,

    /// <summary>The server has another version, and no counted mutation explains it: evicted, or not counted.</summary>
    Unclassified,

    /// <summary>The promise was broken.</summary>
    Violation,
}
