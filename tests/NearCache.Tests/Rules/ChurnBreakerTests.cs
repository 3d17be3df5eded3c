using NearCache.Diagnostics;
using NearCache.Rules;

namespace NearCache.Tests.Rules;

public sealed class ChurnBreakerTests
{
    private readonly ChurnBreaker _breaker = new();
    private readonly ActiveRule _rule = new(
        new Rule("locks", new KeyPattern("lock:*")), new RuleDefaults(TimeSpan.FromMinutes(1), TimeSpan.FromSeconds(5), MaxWritesPerSecond: 20), new ThreadedCounter());
    private long _now;

    public ChurnBreakerTests()
    {
        _rule.Switch(on: true);
        Assert.Empty(_breaker.Look([_rule], _now));
    }

    [Fact]
    public void Five_seconds_above_the_limit_trip_it_once()
    {
        for (var second = 1; second < 5; second++)
        {
            Assert.Empty(Second(writes: 100));
        }

        var churn = Assert.Single(Second(writes: 100));
        Assert.Equal((_rule, 100, 5000), (churn.Rule, churn.WritesPerSecond, churn.Milliseconds));
        Assert.Equal("the keys of lock:* were written 100 times a second for 5 s in that process, and the limit is 20", churn.Why);
        Assert.Empty(Second(writes: 100));
    }

    [Fact]
    public void Writes_at_the_limit_never_trip_it()
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
    public void A_limit_of_the_rule_counts_before_the_caches()
    {
        _rule.Update(_rule.Rule with { MaxWritesPerSecond = 1000 }, new RuleDefaults(TimeSpan.FromMinutes(1), TimeSpan.FromSeconds(5), 20));
        for (var second = 0; second < 20; second++)
        {
            Assert.Empty(Second(writes: 900));
        }
    }

    [Fact]
    public void A_rule_that_was_stopped_and_is_cleared_can_trip_it_again()
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
    public void A_tripped_rule_is_not_announced_until_it_is_switched_on_again()
    {
        Assert.True(_rule.Announces);
        _rule.EndAnnouncements();
        Assert.False(_rule.Announces);
        _rule.Switch(on: false);
        Assert.False(_rule.Announces);
        _rule.Switch(on: true);
        Assert.True(_rule.Announces);
    }

    private IReadOnlyList<Churn> Second(int writes)
    {
        for (var i = 0; i < writes; i++)
        {
            _rule.Counters.Written();
        }

        return _breaker.Look([_rule], _now += 1000);
    }
}
