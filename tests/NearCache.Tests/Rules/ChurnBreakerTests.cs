using NearCache.Diagnostics;
using NearCache.Rules;

namespace NearCache.Tests.Rules;

public sealed class ChurnBreakerTests
{
    private static readonly DateTimeOffset Noon = new(2030, 1, 1, 12, 0, 0, TimeSpan.Zero);
    private readonly ActiveRule _rule = Rule(since: 3);
    private readonly Process _one = new("one");
    private readonly Process _two = new("two");
    private IReadOnlyList<RuleCircuit>? _item = [];
    private long _now;

    [Fact]
    public void A_trip_opens_it_in_the_whole_fleet_and_counts_once()
    {
        // Both processes see it at once.
        Assert.NotNull(RecordChurn(_one));
        Assert.NotNull(RecordChurn(_two));
        Look(_one);
        Look(_two);

        Assert.Equal(ChurnBreakerState.Open, StateIn(_one));
        Assert.Equal("one", _two.Breaker.Find(_rule)!.Who);
        Assert.Equal([Noon], _two.Breaker.Find(_rule)!.Trips);
        Assert.Null(RecordChurn(_two));
    }

    [Fact]
    public void While_churn_goes_on_it_stays_open_in_every_process_and_a_quiet_minute_later_a_trial_begins_which_a_quiet_minute_ends()
    {
        RecordChurn(_one);
        for (var second = 0; second < 600; second++)
        {
            Second(churning: _one);
            Assert.Equal((ChurnBreakerState.Open, ChurnBreakerState.Open), (StateIn(_one), StateIn(_two)));
        }

        var quiet = SecondsUntil(ChurnBreakerState.HalfOpen);
        Assert.InRange(quiet, 50, 61);   // the last change was at most ten seconds before
        Assert.InRange(SecondsUntil(ChurnBreakerState.Closed), 59, 61);
        Assert.Equal((ChurnBreakerState.Closed, ChurnBreakerState.Closed), (StateIn(_one), StateIn(_two)));
    }

    [Fact]
    public void Each_trip_within_an_hour_doubles_the_pause_and_the_fifth_asks_for_a_stop_whoever_saw_which()
    {
        Process[] seers = [_one, _two, _one, _two, _one];
        long[] pauses = [60, 120, 240, 480];
        for (var trip = 0; trip < 4; trip++)
        {
            Assert.False(RecordChurn(seers[trip])!.IsLast);
            SecondsUntil(ChurnBreakerState.Open);
            Assert.InRange(SecondsUntil(ChurnBreakerState.HalfOpen), pauses[trip] - 2, pauses[trip] + 1);
        }

        var last = RecordChurn(seers[4])!;
        Assert.True(last.IsLast);
        Assert.Equal(ChurnBreakerState.Open, last.Circuit.State);

        // A person has cleared the stop, so former trips do not count.
        SecondsUntil(ChurnBreakerState.Open);
        SecondsUntil(ChurnBreakerState.Closed);
        Second();
        Second();
        Assert.Equal((ChurnBreakerState.Closed, ChurnBreakerState.Closed), (StateIn(_one), StateIn(_two)));
        Assert.False(RecordChurn(_two)!.IsLast);
    }

    [Fact]
    public void Trips_of_more_than_an_hour_ago_do_not_count_and_are_forgotten()
    {
        for (var trip = 0; trip < 10; trip++)
        {
            Assert.False(RecordChurn(_one)!.IsLast);
            for (var second = 0; second < 16 * 60; second++)
            {
                Second();
            }
        }

        for (var second = 0; second < 3600; second++)
        {
            Second();
        }

        Assert.Null(_one.Breaker.Find(_rule));
        Assert.Null(_two.Breaker.Find(_rule));
    }

    [Fact]
    public void A_process_that_starts_takes_over_what_the_fleet_knows()
    {
        RecordChurn(_one);
        Look(_one);
        var late = new Process("late");
        Look(late);

        Assert.Equal(ChurnBreakerState.Open, late.Breaker.Find(_rule)!.State);
        Assert.Null(late.Breaker.RecordChurn(new ChurnReport(_rule, "why"), "late", _now, Wall));
    }

    [Fact]
    public void An_item_that_is_lost_is_written_again_and_a_server_that_is_away_keeps_nothing_open_for_ever()
    {
        RecordChurn(_one);
        Second();
        _item = [];
        Second();
        Assert.Equal(ChurnBreakerState.Open, Assert.Single(_item!).State);

        _item = null;
        Assert.InRange(SecondsUntil(ChurnBreakerState.HalfOpen), 55, 61);
        _item = [];
        Second();
        Assert.Equal(ChurnBreakerState.HalfOpen, Assert.Single(_item!).State);
    }

    [Theory]
    [InlineData(1)]
    [InlineData(RuleCircuit.MaxVersion / 2)]
    [InlineData(RuleCircuit.MaxVersion - 1)]
    [InlineData(RuleCircuit.MaxVersion)]
    public void Whatever_version_an_item_holds_the_processes_go_on_from_there_and_can_read_what_they_write(long version)
    {
        _item = [new RuleCircuit(_rule.Name, _rule.Since, ChurnBreakerState.Open, version, [], "somebody", "something")];
        Second();
        Assert.Equal((ChurnBreakerState.Open, ChurnBreakerState.Open), (StateIn(_one), StateIn(_two)));
        SecondsUntil(ChurnBreakerState.Closed);
        Second();
        Assert.True(CircuitsFormat.TryRead(CircuitsFormat.Write(_item!), out _, out var why), why.Reason);
        Assert.Equal((ChurnBreakerState.Closed, ChurnBreakerState.Closed), (StateIn(_one), StateIn(_two)));

        // This repeats: each takes over the trips of the other.
        _two.Breaker.Merge(_item!, _now);
        RecordChurn(_two);
        Look(_two);
        Second();
        Assert.Equal((ChurnBreakerState.Open, ChurnBreakerState.Open), (StateIn(_one), StateIn(_two)));
    }

    [Fact]
    public void A_process_that_had_stopped_looking_believes_the_fleet_before_its_own_clock()
    {
        RecordChurn(_one);
        Second();
        for (var second = 0; second < 300; second++)
        {
            _now += 1000;
            RecordChurn(_one);
            Look(_one);
        }

        Look(_two);
        Assert.Equal(ChurnBreakerState.Open, StateIn(_two));
    }

    [Fact]
    public void A_rule_that_was_edited_begins_anew()
    {
        RecordChurn(_one);
        Second();

        Assert.Null(_two.Breaker.Find(Rule(since: 4)));
    }

    [Fact]
    public void A_rule_that_is_half_open_is_announced_a_few_times_a_minute_by_the_whole_fleet_however_large_it_is()
    {
        var random = new Random(1);
        foreach (var members in new[] { 1, 3, 20, 200, 1000 })
        {
            var announced = 0;
            foreach (var _ in Enumerable.Range(0, members))
            {
                var (rule, trial) = (Rule(since: 1), new TrialBudget(random.NextDouble(), 0));
                rule.SetCircuit(Circuit(ChurnBreakerState.HalfOpen));
                for (var second = 1; second <= 60; second++)
                {
                    if (trial.IsDue(second * 1000, members))
                    {
                        rule.AllowOne();
                    }

                    announced += Enumerable.Range(0, 50).Count(_ => rule.TakeAnnouncement());
                }
            }

            // Each may be refused once and tried again: at most 66 transactions.
            Assert.InRange(announced, 1, 33);
        }
    }

    [Fact]
    public void A_rule_is_announced_while_it_is_closed_and_on()
    {
        Assert.True(_rule.TakeAnnouncement());
        _rule.SetCircuit(Circuit(ChurnBreakerState.Open));
        Assert.False(_rule.TakeAnnouncement());
        _rule.SetCircuit(Circuit(ChurnBreakerState.Closed));
        Assert.True(_rule.TakeAnnouncement());
        _rule.Switch(on: false);
        Assert.False(_rule.TakeAnnouncement());
    }

    private DateTimeOffset Wall => Noon.AddMilliseconds(_now);

    private static RuleCircuit Circuit(ChurnBreakerState state) => new("locks", 3, state, 1, [], "one", "why");

    private static ActiveRule Rule(long since)
    {
        var rule = new ActiveRule(
            new Rule("locks", new KeyPattern("lock:*")) { Since = since }, new RuleDefaults(
                TimeSpan.FromMinutes(1), TimeSpan.FromSeconds(5), MaxWritesPerSecond: 20), new PerThreadCounter());
        rule.Switch(on: true);
        return rule;
    }

    private ChurnTrip? RecordChurn(Process process) => process.Breaker.RecordChurn(new ChurnReport(_rule, "why"), process.Name, _now, Wall);

    private ChurnBreakerState StateIn(Process process) => process.Breaker.Find(_rule)?.State ?? ChurnBreakerState.Closed;

    // As the loop does: reads the item, lets time pass, and writes what the item lacks.
    private void Look(Process process)
    {
        process.Breaker.Merge(_item ?? [], _now);
        process.Breaker.Advance(_now);
        _item = _item is null ? null : process.Breaker.ToStore(_item, Wall) ?? _item;
    }

    private void Second(Process? churning = null)
    {
        _now += 1000;
        if (churning is not null)
        {
            RecordChurn(churning);
        }

        Look(_one);
        Look(_two);
    }

    private int SecondsUntil(ChurnBreakerState state)
    {
        var seconds = 0;
        while (StateIn(_one) != state)
        {
            Assert.True(seconds++ < 3600);
            Second();
        }

        return seconds;
    }

    private sealed record Process(string Name)
    {
        public ChurnBreaker Breaker { get; } = new();
    }
}
