using NearCache.Diagnostics;
using NearCache.Rules;

namespace NearCache.Tests.Rules;

public sealed class ChurnMeterTests
{
    private static readonly RuleDefaults Defaults = new(
        TimeSpan.FromMinutes(1), TimeSpan.FromSeconds(5), MaxWritesPerSecond: 20, MaxFleetWritesPerSecond: 50);
    private readonly ChurnMeter _meter = new();
    private readonly ActiveRule _rule = new(new Rule("locks", new KeyPattern("lock:*")), Defaults, new PerThreadCounter());
    private long _now;

    public ChurnMeterTests()
    {
        _rule.Switch(on: true);
        Assert.Empty(_meter.Measure([_rule], _now));
    }

    [Fact]
    public void Five_seconds_above_the_limit_are_churn_and_so_is_each_further_one()
    {
        for (var second = 1; second < 5; second++)
        {
            Assert.Empty(Second(writes: 100));
        }

        var churn = Assert.Single(Second(writes: 100));
        Assert.Equal(
            (_rule, "the keys of lock:* were written 100 times a second for 5 s in that process, and the limit is 20"),
            (churn.Rule, churn.Why));
        Assert.Single(Second(writes: 100));
        Assert.Empty(Second(writes: 1));
    }

    [Fact]
    public void Writes_at_the_limit_are_none()
    {
        for (var second = 0; second < 100; second++)
        {
            Assert.Empty(Second(writes: 20));
        }
    }

    [Fact]
    public void A_second_below_the_limit_begins_the_count_anew()
    {
        for (var round = 0; round < 10; round++)
        {
            for (var second = 1; second < 5; second++)
            {
                Assert.Empty(Second(writes: 10_000));
            }

            Assert.Empty(Second(writes: 5));
        }
    }

    [Fact]
    public void A_limit_of_the_rule_counts_before_the_caches_and_the_fleet_may_write_as_much_as_one_process()
    {
        _rule.Update(_rule.Rule with { MaxWritesPerSecond = 1000 }, Defaults);
        for (var second = 0; second < 20; second++)
        {
            Assert.Empty(Second(writes: 900));
        }

        Assert.Equal(1000, _rule.MaxFleetWritesPerSecond);
        _rule.Update(_rule.Rule with { MaxFleetWritesPerSecond = 7 }, Defaults);
        Assert.Equal(7, _rule.MaxFleetWritesPerSecond);
        _rule.Update(new Rule("locks", new KeyPattern("lock:*")), Defaults);
        Assert.Equal(50, _rule.MaxFleetWritesPerSecond);
    }

    [Fact]
    public void A_rule_that_was_stopped_and_is_cleared_is_measured_anew()
    {
        for (var second = 1; second <= 5; second++)
        {
            Second(writes: 100);
        }

        _rule.Switch(on: false);
        Assert.Empty(Second(writes: 100));
        _rule.Switch(on: true);
        Assert.Empty(Second(writes: 100));
        for (var second = 1; second < 5; second++)
        {
            Assert.Empty(Second(writes: 100));
        }

        Assert.Single(Second(writes: 100));
    }

    [Fact]
    public void A_process_asks_for_the_fleet_of_rules_that_it_writes_itself_and_not_before_the_counters_are_about_the_rule_as_it_is()
    {
        for (var second = 1; second < 30; second++)
        {
            Second(writes: 1);
            Assert.Empty(_meter.RulesToCheckInFleet(_now));
        }

        Second(writes: 1);
        Assert.Equal([_rule], _meter.RulesToCheckInFleet(_now));
        for (var second = 1; second < 30; second++)
        {
            Second(writes: 0);
            Assert.Equal([_rule], _meter.RulesToCheckInFleet(_now));
        }

        Second(writes: 0);
        Assert.Empty(_meter.RulesToCheckInFleet(_now));
    }

    [Fact]
    public void The_fleet_is_judged_by_the_longest_time_that_its_writes_may_be_about()
    {
        Assert.Null(ChurnMeter.OfFleet(_rule, writes: 2050, seconds: 41));
        Assert.Equal(
            "the keys of lock:* were written at least 100 times a second by all processes together, and the limit is 50",
            ChurnMeter.OfFleet(_rule, writes: 4100, seconds: 41)!.Value.Why);
    }

    private IReadOnlyList<ChurnReport> Second(int writes)
    {
        for (var i = 0; i < writes; i++)
        {
            _rule.Counters.Written();
        }

        return _meter.Measure([_rule], _now += 1000);
    }
}
