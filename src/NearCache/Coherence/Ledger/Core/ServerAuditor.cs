using NearCache.Coherence.Core;

namespace NearCache.Coherence.Ledger.Core;

/// <summary>Decides what is asked of a server, and when: the part of an audit that is not I/O.</summary>
/// <remarks>
/// Its owner does one step at a time: <see cref="Next"/>, the commands, then the answer to the ledger, or <see cref="Failed"/>.
/// </remarks>
/// <param name="ledger">The ledger of the server.</param>
/// <param name="period">Milliseconds from one audit to the next, ± 10 %.</param>
/// <param name="random">Spreads the audits of a fleet.</param>
internal sealed class ServerAuditor<TProtocol>(ServerLedger<TProtocol> ledger, long period, Random random)
    where TProtocol : struct, ICoherenceProtocol
{
    /// <summary>More unexplained mutations than this are not looked up one by one.</summary>
    public const int MostLogs = 128;

    // A writer stores its log record after its bumps were answered: an audit may be earlier than the record.
    private const long LogRetry = 100;

    private readonly List<long> _missing = [];
    private long _auditAt = long.MinValue;
    private long _retryAt = long.MinValue;
    private long _absentFor = -1;
    private bool _logAbsent;
    private int _segment;

    /// <summary>Milliseconds from one audit to the next, ± 10 %.</summary>
    public long Period { get; set; } = period;

    /// <summary>What to do next.</summary>
    /// <param name="now">The time.</param>
    /// <param name="patience">
    /// G: how old the oldest waiting audit may become before the server is asked; see <see cref="AuditPatience"/>.
    /// </param>
    public AuditStep Next(in Timestamps now, long patience)
    {
        if (now.Monotonic < _retryAt)
        {
            return new AuditStep(AuditStepKind.Wait, _retryAt);
        }

        if (ledger.NeedsCounters)
        {
            return new AuditStep(AuditStepKind.CreateCounters);
        }

        if (!ledger.IsKnown)
        {
            return Flush(now, ledger.Unknown);
        }

        if (ledger.OwedBumps.Segments != 0)
        {
            return new AuditStep(AuditStepKind.PayDebts, Segments: ledger.OwedBumps.Segments);
        }

        var due = _auditAt;
        if (ledger.Queue.Count > 0)
        {
            var impatient = Impatient(ledger.Queue[0].Sent.Monotonic, patience);
            if (now.Monotonic >= impatient)
            {
                return AskForMissing(now);
            }

            due = Math.Min(due, impatient);
        }

        if (now.Monotonic < _auditAt)
        {
            return new AuditStep(AuditStepKind.Wait, due);
        }

        ScheduleAudit(now);
        _segment = (_segment + 1) % KeyHash.Segments;
        return new AuditStep(AuditStepKind.Audit, Segment: _segment);
    }

    /// <summary>The log records that were asked for have come, and those that were there are explained and settled.</summary>
    public void LogsRead(in Timestamps now, bool allFound)
    {
        if (allFound || ledger.Queue.Count == 0)
        {
            return;
        }

        var audit = ledger.Queue[0].Total;
        if (_absentFor == audit)
        {
            _logAbsent = true;
        }
        else
        {
            (_absentFor, _logAbsent, _retryAt) = (audit, false, now.Monotonic + LogRetry);
        }
    }

    /// <summary>The step could not be done: the server is asked again after a period.</summary>
    public void Failed(in Timestamps now)
    {
        ScheduleAudit(now);
        _retryAt = _auditAt;
    }

    /// <summary>The next audit is due at once: a connection is back, or the process has slept.</summary>
    public void Hurry() => _auditAt = _retryAt = long.MinValue;

    // G after the oldest audit was sent. A little sooner when it was sent late, so that the confirmed instant is never older than G and the
    // shortest period.
    private long Impatient(long oldest, long patience) =>
        Math.Min(
            oldest + patience, Math.Max(ledger.Gate.Confirmed.Monotonic + patience + (Period * 9 / 10), oldest + Math.Min(patience, 1000)));

    private AuditStep AskForMissing(in Timestamps now)
    {
        _missing.Clear();
        if (!ledger.Counters.Total.Missing(ledger.Queue[0].Total, MostLogs, _missing))
        {
            return Flush(now, FlushReason.TooManyMissing);
        }

        return _logAbsent && _absentFor == ledger.Queue[0].Total
            ? Flush(now, FlushReason.LogMissing)
            : new AuditStep(AuditStepKind.ReadLogs, Logs: [.. _missing]);
    }

    // A flush is also an audit: the next one is a period away.
    private AuditStep Flush(in Timestamps now, FlushReason reason)
    {
        ScheduleAudit(now);
        (_absentFor, _logAbsent) = (-1, false);
        return new AuditStep(AuditStepKind.Flush, Reason: reason);
    }

    private void ScheduleAudit(in Timestamps now) => _auditAt = now.Monotonic + (long)(Period * (0.9 + (0.2 * random.NextDouble())));
}

/// <summary>One step of the owner of a server's ledger: it does this, reports the answer, and asks again.</summary>
/// <param name="Kind">What to do.</param>
/// <param name="Until">Wait: the monotonic millisecond at which to ask again at the latest.</param>
/// <param name="Segment">Audit: which segment to read along.</param>
/// <param name="Segments">PayDebts: bit s says that segment s is owed a bump.</param>
/// <param name="Logs">ReadLogs: the numbers of the mutations.</param>
/// <param name="Reason">Flush: why.</param>
internal readonly record struct AuditStep(
    AuditStepKind Kind, long Until = 0, int Segment = 0, ulong Segments = 0, IReadOnlyList<long>? Logs = null, FlushReason Reason = FlushReason.None);

/// <summary>What the owner of a server's ledger is to do next.</summary>
internal enum AuditStepKind
{
    /// <summary>Nothing before <see cref="AuditStep.Until"/>, unless news arrives.</summary>
    Wait,

    /// <summary>Bump segments that are owed a bump: for each, its segment and then the total, in one write.</summary>
    PayDebts,

    /// <summary>Create the 64 counters of the segments, then the total, each only if it is absent.</summary>
    CreateCounters,

    /// <summary>Read the total, the flags of the rules and one segment, in one write.</summary>
    Audit,

    /// <summary>Read the log records of the missing mutations, in one write.</summary>
    ReadLogs,

    /// <summary>Read the total and the flags of the rules, then the 64 segments, in one write on one connection, in this order.</summary>
    Flush,
}

/// <summary>How long an audit waits for announcements before the server itself is asked what was written.</summary>
internal static class AuditPatience
{
    /// <summary>
    /// G = clamp(2 D + 0.5 s, 1 s, MaxStaleness − 2 s), in milliseconds; 0 without a ZooKeeper session, since no announcement will come.
    /// </summary>
    /// <param name="rearmPace">D, the pace at which slots are read now.</param>
    /// <param name="maxStaleness">The bound that is promised.</param>
    /// <param name="hasSession">Is there a session that brings announcements?</param>
    public static long Of(long rearmPace, long maxStaleness, bool hasSession) =>
        hasSession ? Math.Min(Math.Max((2 * rearmPace) + 500, 1000), Math.Max(maxStaleness - 2000, 0)) : 0;
}
