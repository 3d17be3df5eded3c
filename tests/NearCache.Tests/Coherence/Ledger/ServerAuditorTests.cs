using NearCache.Coherence.Core;
using NearCache.Coherence.Ledger.Core;

namespace NearCache.Tests.Coherence.Ledger;

public sealed class ServerAuditorTests
{
    private const long Wait = 1000;

    private readonly ServerLedger<CoherenceProtocol> _ledger = new(new ServerGate("one:11211", new ProcessEpochs()));
    private readonly ServerAuditor<CoherenceProtocol> _auditor;
    private readonly long?[] _segments = [.. Enumerable.Repeat<long?>(1000, KeyHash.Segments)];

    public ServerAuditorTests() => _auditor = new ServerAuditor<CoherenceProtocol>(_ledger, 1000, new Random(1));

    [Fact]
    public void It_begins_with_a_flush()
    {
        Assert.Equal(new AuditStep(AuditStepKind.Flush, Reason: FlushReason.FirstAudit), _auditor.Next(At(0), Wait));
    }

    [Fact]
    public void Absent_counters_are_created_and_then_read()
    {
        _auditor.Next(At(0), Wait);
        _ledger.Flushed(_ledger.SendingFlush(At(0)), null, _segments, true, FlushReason.FirstAudit, At(1));
        Assert.Equal(AuditStepKind.CreateCounters, _auditor.Next(At(1), Wait).Kind);
        _ledger.CountersCreated();
        Assert.Equal(AuditStepKind.Flush, _auditor.Next(At(1), Wait).Kind);
    }

    [Fact]
    public void It_audits_every_second_or_a_tenth_later_and_reads_one_segment_after_the_other()
    {
        Begin();
        long before = 0;
        for (var segment = 1; segment < 130; segment++)
        {
            var wait = _auditor.Next(At(before), Wait);
            Assert.Equal(AuditStepKind.Wait, wait.Kind);
            Assert.InRange(wait.Until - before, 1000, 1100);
            Assert.Equal(new AuditStep(AuditStepKind.Audit, Segment: segment % KeyHash.Segments), _auditor.Next(At(wait.Until), Wait));
            before = wait.Until;
        }
    }

    [Fact]
    public void The_log_is_asked_when_the_oldest_audit_has_waited_long_enough()
    {
        Begin();
        AuditAt(1100, 502);
        Assert.Equal(AuditStepKind.Audit, _auditor.Next(At(2099), Wait).Kind);
        Assert.Equal(new AuditStep(AuditStepKind.Wait, Until: 2100), _auditor.Next(At(2099), Wait));

        var step = _auditor.Next(At(2100), Wait);
        Assert.Equal(AuditStepKind.ReadLogs, step.Kind);
        Assert.Equal([501, 502], step.Logs!);
    }

    [Fact]
    public void Without_a_session_the_log_is_asked_at_once()
    {
        Begin();
        AuditAt(1100, 501);
        Assert.Equal(AuditStepKind.ReadLogs, _auditor.Next(At(1100), 0).Kind);
    }

    [Fact]
    public void A_record_that_is_not_there_yet_is_asked_for_once_more_before_a_flush()
    {
        Begin();
        AuditAt(1100, 501);
        Assert.Equal(AuditStepKind.ReadLogs, _auditor.Next(At(1100), 0).Kind);
        _auditor.LogsRead(At(1101), allFound: false);
        Assert.Equal(new AuditStep(AuditStepKind.Wait, Until: 1201), _auditor.Next(At(1101), 0));
        Assert.Equal(AuditStepKind.ReadLogs, _auditor.Next(At(1201), 0).Kind);
        _auditor.LogsRead(At(1202), allFound: false);
        Assert.Equal(new AuditStep(AuditStepKind.Flush, Reason: FlushReason.LogMissing), _auditor.Next(At(1202), 0));
    }

    [Fact]
    public void The_next_missing_record_gets_its_own_second_chance()
    {
        Begin();
        AuditAt(1100, 501);
        _auditor.LogsRead(At(1101), allFound: false);
        _ledger.Explain(501, 5, 1001);
        _ledger.Settle(At(1102));
        AuditAt(2100, 502);
        _auditor.LogsRead(At(2101), allFound: false);
        Assert.Equal(AuditStepKind.ReadLogs, _auditor.Next(At(2201), 0).Kind);
    }

    [Fact]
    public void More_than_128_missing_mutations_are_not_looked_up()
    {
        Begin();
        AuditAt(1100, 500 + ServerAuditor<CoherenceProtocol>.MaxLogs);
        Assert.Equal(ServerAuditor<CoherenceProtocol>.MaxLogs, _auditor.Next(At(1100), 0).Logs!.Count);

        AuditAt(1100, 501 + ServerAuditor<CoherenceProtocol>.MaxLogs);
        _ledger.Queue.RemoveAt(0);
        Assert.Equal(new AuditStep(AuditStepKind.Flush, Reason: FlushReason.TooManyMissing), _auditor.Next(At(1100), 0));
    }

    [Fact]
    public void Debts_come_before_audits()
    {
        Begin();
        _ledger.MutationAnswered(9, answered: false, null, null);
        Assert.Equal(new AuditStep(AuditStepKind.SendOwedBumps, Segments: 1ul << 9), _auditor.Next(At(5), Wait));
    }

    [Fact]
    public void After_a_failure_the_server_is_left_alone_for_a_period_unless_there_is_reason_to_hurry()
    {
        Begin();
        _auditor.Failed(At(2000));
        Assert.InRange(_auditor.Next(At(2000), Wait).Until, 3000, 3100);
        _auditor.AuditNow();
        Assert.Equal(AuditStepKind.Audit, _auditor.Next(At(2001), Wait).Kind);
    }

    private static Timestamps At(long milliseconds) => new(milliseconds, 1_900_000_000_000 + milliseconds);

    private void Begin()
    {
        _auditor.Next(At(0), Wait);
        _ledger.Flushed(_ledger.SendingFlush(At(0)), 500, _segments, true, FlushReason.FirstAudit, At(1));
    }

    private void AuditAt(long now, long total) => _ledger.AuditAnswered(_ledger.SendingAudit(At(now), 0), total, 1000, true, At(now));
}
