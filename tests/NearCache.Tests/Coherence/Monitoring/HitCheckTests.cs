using NearCache.Coherence.Monitoring.Core;

namespace NearCache.Tests.Coherence.Monitoring;

/// <summary>One check of the monitor, event by event. The entry has CAS 7, and mutation 100 was explained when it was sampled.</summary>
public sealed class HitCheckTests
{
    private const long Bound = 5_000;
    private readonly HitCheck _check = new(sampledAt: 0, cas: 7, explained: 100);
    private long _now;

    [Fact]
    public void The_same_version_agrees()
    {
        Wait(HitCheck.Hold);
        Look(HitState.Served);
        Assert.Equal(CheckStepKind.Read, Next().Kind);
        _check.Answered(7, 100, _now);
        Assert.Equal(CheckOutcome.Agreed, _check.Outcome);
    }

    [Theory]
    [InlineData(HitState.Gone)]
    [InlineData(HitState.Closed)]
    internal void An_entry_that_left_before_it_was_compared_counts_for_nothing(HitState state)
    {
        Wait(HitCheck.Hold);
        Look(state);
        Assert.Equal(CheckOutcome.Ended, _check.Outcome);
    }

    [Theory]
    [InlineData(0, 10)]
    [InlineData(1, 100)]
    [InlineData(2, 1_000)]
    [InlineData(3, Bound)]
    public void The_delay_until_an_entry_is_void_is_measured_in_buckets(int bucket, long end)
    {
        Differ(8);
        var differed = _now - 10;
        while (_check.Next(_now) is var step && _check.Outcome is null)
        {
            if (step.Kind == CheckStepKind.ReadLogs)
            {
                _check.LogsRead(null, _now);
                continue;
            }

            _now = Math.Max(_now, step.Until);
            _check.Looked(_now - differed >= end ? HitState.Gone : HitState.Served, Bound, _now);
        }

        Assert.Equal((CheckOutcome.Voided, bucket), (_check.Outcome!.Value, _check.Bucket));
    }

    [Fact]
    public void A_hit_after_the_bound_from_a_complete_mutation_is_a_violation()
    {
        Differ(8);
        LookUntilLogs();
        Assert.Equal([105L, 104, 103, 102, 101], Next().Logs!);
        _check.LogsRead(104, _now);
        Look(HitState.Served);
        Wait(Bound + HitCheck.Margin + 1);
        Look(HitState.Served);

        Assert.Equal((CheckOutcome.Violation, 104), (_check.Outcome!.Value, _check.Mutation));
    }

    [Fact]
    public void A_removed_item_is_another_version()
    {
        Differ(null);
        LookUntilLogs();
        _check.LogsRead(105, _now);
        Look(HitState.Served);
        Wait(Bound + HitCheck.Margin + 1);
        Look(HitState.Served);

        Assert.Equal(CheckOutcome.Violation, _check.Outcome);
    }

    [Theory]
    [InlineData(HitState.Gone, CheckOutcome.Voided)]
    [InlineData(HitState.Closed, CheckOutcome.Ended)]
    internal void An_entry_that_is_not_served_at_the_bound_is_no_violation(HitState state, CheckOutcome outcome)
    {
        Differ(8);
        LookUntilLogs();
        _check.LogsRead(104, _now);
        Look(HitState.Served);
        Wait(Bound + HitCheck.Margin + 1);
        Look(state);

        Assert.Equal(outcome, _check.Outcome);
    }

    [Fact]
    public void A_difference_without_a_log_record_is_unclassified_after_a_second_search()
    {
        Differ(8);
        LookUntilLogs();
        _check.LogsRead(null, _now);
        LookUntilLogs();
        _check.LogsRead(null, _now);
        Look(HitState.Served);

        Assert.Equal(CheckOutcome.Unclassified, _check.Outcome);
    }

    [Fact]
    public void The_record_of_a_slow_writer_is_found_by_the_second_search()
    {
        Differ(8);
        LookUntilLogs();
        _check.LogsRead(null, _now);
        LookUntilLogs();
        _check.LogsRead(101, _now);
        Look(HitState.Served);
        Wait(Bound + HitCheck.Margin + 1);
        Look(HitState.Served);

        Assert.Equal(CheckOutcome.Violation, _check.Outcome);
    }

    [Fact]
    public void A_mutation_that_was_explained_before_the_sampling_is_not_looked_for()
    {
        // The key was written by mutation 100 and filled; then its item was evicted, and stored again by a process that read the source.
        Differ(8, total: 100);
        Look(HitState.Served);
        Wait(90);
        Look(HitState.Served);
        Wait(900);
        Look(HitState.Served);

        Assert.Equal(CheckOutcome.Unclassified, _check.Outcome);
    }

    [Fact]
    public void A_search_reads_512_records_from_the_newest_in_groups_of_128()
    {
        Differ(8, total: 2_000);
        LookUntilLogs();
        var read = new List<long>();
        while (Next() is { Kind: CheckStepKind.ReadLogs } step)
        {
            Assert.Equal(128, step.Logs!.Count);
            read.AddRange(step.Logs);
            _check.LogsRead(null, _now);
        }

        Assert.Equal(Enumerable.Range(0, 512).Select(i => 2_000L - i), read);
    }

    [Theory]
    [InlineData(null)]
    [InlineData(99L)]
    [InlineData(3_000_000L)]
    public void A_total_of_another_life_ends_the_check(long? total)
    {
        Wait(HitCheck.Hold);
        Look(HitState.Served);
        _check.Answered(8, total, _now);
        Assert.Equal(CheckOutcome.Ended, _check.Outcome);
    }

    private CheckStep Next() => _check.Next(_now);

    private void Wait(long milliseconds)
    {
        Assert.Equal((CheckStepKind.Wait, _now + milliseconds), (Next().Kind, Next().Until));
        _now += milliseconds;
    }

    private void Look(HitState state)
    {
        Assert.Equal(CheckStepKind.Look, Next().Kind);
        _check.Looked(state, Bound, _now);
    }

    private void Differ(ulong? cas, long total = 105)
    {
        Wait(HitCheck.Hold);
        Look(HitState.Served);
        Assert.Equal(CheckStepKind.Read, Next().Kind);
        _check.Answered(cas, total, _now);
        Wait(10);
    }

    private void LookUntilLogs()
    {
        while (Next() is { Kind: not CheckStepKind.ReadLogs } step)
        {
            _now = Math.Max(_now, step.Until);
            _check.Looked(HitState.Served, Bound, _now);
        }
    }
}
