using NearCache.Coherence.Core;
using NearCache.Coherence.Ledger.Core;

namespace NearCache.Tests.Coherence.Ledger;

public sealed class ServerLedgerTests
{
    private const long MaxStaleness = 5000;

    private readonly ProcessEpochs _epochs = new();
    private readonly ServerGate _gate;
    private readonly ServerLedger<CoherenceProtocol> _ledger;
    private readonly long?[] _segments = [.. Enumerable.Repeat<long?>(1000, KeyHash.Segments)];

    public ServerLedgerTests()
    {
        _gate = new ServerGate("one:11211", _epochs);
        _ledger = new ServerLedger<CoherenceProtocol>(_gate);
    }

    [Fact]
    public void Nothing_is_current_before_the_first_flush()
    {
        Assert.False(_gate.IsOpen(At(0), MaxStaleness));
        Begin();
        Assert.True(_gate.IsCurrent(3, _gate.Generation(3), At(0), MaxStaleness));
    }

    [Fact]
    public void The_gate_closes_MaxStaleness_after_the_sending_of_the_last_confirmed_audit()
    {
        Begin();
        var sent = _ledger.SendingAudit(At(100), 0);
        Assert.True(_ledger.AuditAnswered(sent, 500, 1000, true, At(900)).Confirmed);

        Assert.True(_gate.IsOpen(At(100 + MaxStaleness), MaxStaleness));
        Assert.False(_gate.IsOpen(At(101 + MaxStaleness), MaxStaleness));
    }

    [Fact]
    public void The_gate_closes_when_the_machine_slept_although_the_monotonic_clock_did_not_notice()
    {
        Begin();
        Assert.True(_gate.IsOpen(new Timestamps(10, At(MaxStaleness).Wall), MaxStaleness));
        Assert.False(_gate.IsOpen(new Timestamps(10, At(MaxStaleness + 1).Wall), MaxStaleness));
    }

    [Fact]
    public void The_gate_closes_when_the_wall_clock_was_set_back_by_more_than_a_second()
    {
        Begin();
        Assert.True(_gate.IsOpen(new Timestamps(10, At(-1000).Wall), MaxStaleness));
        Assert.False(_gate.IsOpen(new Timestamps(10, At(-1001).Wall), MaxStaleness));
    }

    [Fact]
    public void An_audit_is_confirmed_when_the_last_gap_before_its_total_is_explained()
    {
        Begin();
        var sent = _ledger.SendingAudit(At(100), 0);
        Assert.False(_ledger.AuditAnswered(sent, 503, 1000, true, At(101)).Confirmed);

        _ledger.Explain(503, 7, 1001);
        _ledger.Explain(501, 8, 1001);
        Assert.False(_ledger.Settle(At(102)));
        _ledger.Explain(502, 9, 1001);
        Assert.True(_ledger.Settle(At(102)));
        Assert.Equal(At(100), _gate.Confirmed);
    }

    [Fact]
    public void An_audit_of_a_server_with_other_rules_confirms_nothing()
    {
        Begin();
        Assert.False(_ledger.AuditAnswered(_ledger.SendingAudit(At(100), 0), 500, 1000, false, At(101)).Confirmed);
        Assert.Equal(0, _ledger.Queue.Count);
    }

    [Fact]
    public void A_flush_raises_exactly_the_segments_that_show_more_than_was_explained()
    {
        Begin();
        var sent = _ledger.SendingFlush(At(100));
        _segments[4] = 1001;
        _segments[5] = 1001;
        _ledger.Explain(501, 5, 1001);

        var effect = _ledger.Flushed(sent, 502, _segments, true, FlushReason.LogMissing, At(101));

        Assert.Equal(new AuditEffect(true, 1ul << 4, FlushReason.LogMissing), effect);
        Assert.Equal(502, _ledger.Counters.Total.Known);
    }

    [Fact]
    public void A_flush_clears_the_queue()
    {
        Begin();
        _ledger.AuditAnswered(_ledger.SendingAudit(At(100), 0), 510, 1000, true, At(101));
        _ledger.Flushed(_ledger.SendingFlush(At(200)), 510, _segments, true, FlushReason.LogMissing, At(201));
        Assert.Equal(0, _ledger.Queue.Count);
        Assert.Equal(At(200), _gate.Confirmed);
    }

    [Theory]
    [InlineData(null, 1000L, nameof(FlushReason.CountersAbsent))]
    [InlineData(500L, null, nameof(FlushReason.CountersAbsent))]
    [InlineData(499L, 1000L, nameof(FlushReason.CountersBackward))]
    [InlineData(500L, 999L, nameof(FlushReason.CountersBackward))]
    [InlineData(501L + GaplessPrefix.MaxDistance, 1000L, nameof(FlushReason.CountersJumped))]
    [InlineData(500L, 1001L + GaplessPrefix.MaxDistance, nameof(FlushReason.CountersJumped))]
    public void Counters_that_are_absent_backward_or_far_forward_are_lost_and_everything_is_dropped(
        long? total, long? segment, string expected)
    {
        Begin();
        var reason = Enum.Parse<FlushReason>(expected);
        var before = _gate.Generation(11);
        var effect = _ledger.AuditAnswered(_ledger.SendingAudit(At(100), 0), total, segment, true, At(101));

        Assert.Equal(new AuditEffect(false, ulong.MaxValue, reason), effect);
        Assert.True(effect.CountersLost);
        Assert.NotEqual(before, _gate.Generation(11));
        Assert.Equal(reason == FlushReason.CountersAbsent, _ledger.NeedsCounters);
        Assert.False(_ledger.IsKnown);
    }

    [Fact]
    public void A_segment_counter_that_went_backward_is_found_by_a_flush()
    {
        Begin();
        _segments[60] = 3;
        Assert.True(_ledger.Flushed(_ledger.SendingFlush(At(100)), 501, _segments, true, FlushReason.LogMissing, At(101)).CountersLost);
    }

    [Fact]
    public void Counters_that_fell_behind_news_which_came_after_sending_are_not_lost()
    {
        Begin();
        var audit = _ledger.SendingAudit(At(100), 5);
        _ledger.Explain(501, 5, 1001);
        Assert.Equal(new AuditEffect(true, 0, FlushReason.None), _ledger.AuditAnswered(audit, 500, 1000, true, At(101)));
    }

    [Fact]
    public void An_answer_from_before_the_loss_says_nothing()
    {
        Begin();
        var old = _ledger.SendingFlush(At(100));
        _ledger.AuditAnswered(_ledger.SendingAudit(At(101), 0), null, 1000, true, At(102));
        Assert.Equal(default, _ledger.Flushed(old, 500, _segments, true, FlushReason.LogMissing, At(103)));
        Assert.False(_ledger.IsKnown);
    }

    [Fact]
    public void A_fill_may_be_served_only_if_nothing_happened_to_its_key_segment_or_server_list()
    {
        Begin();
        var key = KeyHash.Of("a"u8);
        var token = _gate.BeginFill(key, _epochs.Ring, 0, At(1));
        Assert.True(_gate.MayServe(token));

        _epochs.Stripes.Advance(key.Stripe(Stripes.Count));
        Assert.False(_gate.MayServe(token));

        token = _gate.BeginFill(key, _epochs.Ring, 0, At(1));
        _epochs.RaiseRing();
        Assert.False(_gate.MayServe(token));

        token = _gate.BeginFill(key, _epochs.Ring, 0, At(1));
        _ledger.RaiseAll(FlushReason.ServersChanged);
        Assert.False(_gate.MayServe(token));
    }

    [Fact]
    public void An_unanswered_mutation_is_a_debt_until_its_bumps_are_acknowledged()
    {
        Begin();
        _ledger.MutationAnswered(9, answered: false, null, null);
        var owed = _ledger.OwedBumps.Owed(9);
        Assert.Equal(1ul << 9, _ledger.OwedBumps.Segments);

        Assert.Equal(new AuditEffect(false, 1ul << 9, FlushReason.OwedBumpSent), _ledger.OwedBumpSent(9, owed, 1001, 501));
        Assert.Equal(0ul, _ledger.OwedBumps.Segments);
        Assert.Equal(501, _ledger.Counters.Total.Known);
    }

    [Theory]
    [InlineData(null, 501L)]
    [InlineData(1001L, null)]
    public void A_mutation_of_which_one_bump_was_not_counted_is_a_debt(long? m, long? n)
    {
        Begin();
        Assert.True(_ledger.MutationAnswered(9, answered: true, m, n).CountersLost);
        Assert.Equal(1ul << 9, _ledger.OwedBumps.Segments);
    }

    [Fact]
    public void A_debt_that_arose_while_another_was_paid_is_still_owed()
    {
        Begin();
        _ledger.MutationAnswered(9, answered: false, null, null);
        var owed = _ledger.OwedBumps.Owed(9);
        _ledger.MutationAnswered(9, answered: false, null, null);
        _ledger.OwedBumpSent(9, owed, 1001, 501);
        Assert.Equal(1ul << 9, _ledger.OwedBumps.Segments);
    }

    [Fact]
    public void Lost_counters_do_not_end_a_debt()
    {
        Begin();
        _ledger.MutationAnswered(9, answered: false, null, null);
        Assert.True(_ledger.OwedBumpSent(9, _ledger.OwedBumps.Owed(9), null, 501).CountersLost);
        Assert.Equal(1ul << 9, _ledger.OwedBumps.Segments);
    }

    [Fact]
    public void Confirming_is_counted_so_that_a_hit_in_progress_looks_again()
    {
        var before = _epochs.Confirmations;
        Begin();
        Assert.Equal(before + 1, _epochs.Confirmations);
    }

    [Fact]
    public void A_reader_that_held_an_entry_while_it_was_voided_passes_the_gate_only_if_it_ignores_the_count_of_confirmations()
    {
        Begin();
        var (segment, generation, now) = (5, _gate.Generation(5), At(6000));
        var confirmations = _epochs.Confirmations;
        Assert.False(_gate.IsCurrent(segment, generation, now, MaxStaleness));

        _ledger.AuditAnswered(_ledger.SendingAudit(At(5900), 0), 501, 1000, true, At(5901));
        _ledger.Explain(501, segment, 1001);
        Assert.True(_ledger.Settle(At(5902)));

        Assert.True(_gate.IsCurrent(segment, generation, now, MaxStaleness));
        Assert.NotEqual(confirmations, _epochs.Confirmations);
    }

    private static Timestamps At(long milliseconds) => new(milliseconds, 1_900_000_000_000 + milliseconds);

    private void Begin() =>
        Assert.True(_ledger.Flushed(_ledger.SendingFlush(At(0)), 500, _segments, true, FlushReason.FirstAudit, At(1)).Confirmed);
}
