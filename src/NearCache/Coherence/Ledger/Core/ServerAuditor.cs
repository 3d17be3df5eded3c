using NearCache.Coherence.Core;

namespace NearCache.Coherence.Ledger.Core;

/// <summary>Decides what to ask a server, and when: the deterministic part of an audit.</summary>
/// <remarks>
/// The owner executes one step at a time: <see cref="Next"/>, the commands, then the reply to the ledger or <see cref="Failed"/>. Not
/// thread-safe.
/// </remarks>
/// <param name="ledger">The ledger of the server.</param>
/// <param name="period">The least time from one audit to the next, in milliseconds; up to 10 % are added.</param>
/// <param name="random">Spreads the audits of a fleet over time.</param>
internal sealed class ServerAuditor<TProtocol>(ServerLedger<TProtocol> ledger, long period, Random random)
    where TProtocol : struct, ICoherenceProtocol
{
    /// <summary>The most unexplained mutations that are looked up one by one.</summary>
    public const int MaxLogs = 128;

    // A writer stores its log record after the replies to its increments, so an audit may come before the record.
    private const long LogRetry = 100;

    // Only later, never earlier: with the exchange of identities and the probes, an idle process sends at most four commands a second.
    private const double Jitter = 0.1;

    private readonly List<long> _missing = [];
    private long _auditAt = long.MinValue;
    private long _retryAt = long.MinValue;
    private long _absentFor = -1;
    private bool _logAbsent;
    private int _segment;

    /// <summary>Gets or sets the least time from one audit to the next, in milliseconds; up to 10 % are added.</summary>
    public long Period { get; set; } = period;

    /// <summary>Returns the next step.</summary>
    /// <param name="now">The time.</param>
    /// <param name="wait">
    /// G: the age of the oldest waiting audit at which the auditor reads log records; see <see cref="ExplanationWait"/>.
    /// </param>
    public AuditStep Next(in Timestamps now, long wait)
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
            return new AuditStep(AuditStepKind.SendOwedBumps, Segments: ledger.OwedBumps.Segments);
        }

        var due = _auditAt;
        if (ledger.Queue.Count > 0)
        {
            var readDue = LogReadDue(ledger.Queue[0].Sent.Monotonic, wait);
            if (now.Monotonic >= readDue)
            {
                return ReadMissing(now);
            }

            due = Math.Min(due, readDue);
        }

        if (now.Monotonic < _auditAt)
        {
            return new AuditStep(AuditStepKind.Wait, due);
        }

        ScheduleAudit(now);
        _segment = (_segment + 1) % KeyHash.Segments;
        return new AuditStep(AuditStepKind.Audit, Segment: _segment);
    }

    /// <summary>Records that the requested log records were read, and that those found are explained and settled.</summary>
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

    /// <summary>Records that the step failed. The step is repeated after a period.</summary>
    public void Failed(in Timestamps now)
    {
        ScheduleAudit(now);
        _retryAt = _auditAt;
    }

    /// <summary>Makes the next audit due at once: a connection is back, or the process has slept.</summary>
    public void AuditNow() => _auditAt = _retryAt = long.MinValue;

    // G after the oldest audit was sent. Sooner if that was sent late, so that the confirmed instant is never older than G plus nine tenths
    // of a period.
    private long LogReadDue(long oldest, long wait) =>
        Math.Min(
            oldest + wait, Math.Max(ledger.Gate.Confirmed.Monotonic + wait + (Period * 9 / 10), oldest + Math.Min(wait, 1000)));

    private AuditStep ReadMissing(in Timestamps now)
    {
        _missing.Clear();
        if (!ledger.Counters.Total.Missing(ledger.Queue[0].Total, MaxLogs, _missing))
        {
            return Flush(now, FlushReason.TooManyMissing);
        }

        return _logAbsent && _absentFor == ledger.Queue[0].Total
            ? Flush(now, FlushReason.LogMissing)
            : new AuditStep(AuditStepKind.ReadLogs, Logs: [.. _missing]);
    }

    // A flush is also an audit, so the next audit is due a period later.
    private AuditStep Flush(in Timestamps now, FlushReason reason)
    {
        ScheduleAudit(now);
        (_absentFor, _logAbsent) = (-1, false);
        return new AuditStep(AuditStepKind.Flush, Reason: reason);
    }

    private void ScheduleAudit(in Timestamps now) => _auditAt = now.Monotonic + (long)(Period * (1 + (Jitter * random.NextDouble())));
}

/// <summary>One step of the owner of a server's ledger. The owner executes it, reports the reply, and requests the next step.</summary>
/// <param name="Kind">What to do.</param>
/// <param name="Until">For Wait: the monotonic millisecond by which to ask again.</param>
/// <param name="Segment">For Audit: the segment to read with the total.</param>
/// <param name="Segments">For SendOwedBumps: bit s means that segment s is owed an increment.</param>
/// <param name="Logs">For ReadLogs: the numbers of the mutations.</param>
/// <param name="Reason">For Flush: the reason.</param>
internal readonly record struct AuditStep(
    AuditStepKind Kind,
    long Until = 0,
    int Segment = 0,
    ulong Segments = 0,
    IReadOnlyList<long>? Logs = null,
    FlushReason Reason = FlushReason.None);

/// <summary>Specifies what the owner of a server's ledger does next.</summary>
internal enum AuditStepKind
{
    /// <summary>Nothing before <see cref="AuditStep.Until"/>, unless an announcement arrives.</summary>
    Wait,

    /// <summary>Pay owed increments: for each segment, its counter and then the total, in one write.</summary>
    SendOwedBumps,

    /// <summary>Create the 64 segment counters, then the total, each only if it is missing.</summary>
    CreateCounters,

    /// <summary>Read the total, the flags of the rules and one segment, in one write.</summary>
    Audit,

    /// <summary>Read the log records of the missing mutations, in one write.</summary>
    ReadLogs,

    /// <summary>Read the total and the flags of the rules, then the 64 segments, in one write on one connection, in this order.</summary>
    Flush,
}

/// <summary>Computes how long an audit waits for announcements before it reads log records from the server.</summary>
internal static class ExplanationWait
{
    /// <summary>
    /// Returns G = clamp(2 D + 0.5 s, 1 s, MaxStaleness − 2 s), in milliseconds; 0 while no carrier delivers, since no announcement arrives
    /// then.
    /// </summary>
    /// <param name="delay">D: the expected delay of announcements, in milliseconds. For slots, the interval between reads.</param>
    /// <param name="maxStaleness">The promised bound, in milliseconds.</param>
    /// <param name="isDelivering">Whether a carrier delivers announcements.</param>
    public static long Of(long delay, long maxStaleness, bool isDelivering) =>
        isDelivering ? Math.Min(Math.Max((2 * delay) + 500, 1000), Math.Max(maxStaleness - 2000, 0)) : 0;
}
