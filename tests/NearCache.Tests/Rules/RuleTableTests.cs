using NearCache.Rules;

namespace NearCache.Tests.Rules;

public sealed class RuleTableTests
{
    private readonly RuleTable _table = new(new RuleDefaults(TimeSpan.FromMinutes(1), TimeSpan.FromSeconds(5), 20));
    private readonly RuleSet _first = RuleSet.Create(1, [new Rule("a", new KeyPattern("a:*")), new Rule("b", new KeyPattern("b:*"))], []);

    [Fact]
    public void Editing_one_rule_leaves_the_others_and_their_entries_alone()
    {
        _table.Apply(_first);
        var (a, b) = (_table.Matcher.Find("a:1")!, _table.Matcher.Find("b:1")!);
        var (generationOfA, generationOfB) = (a.Generation, b.Generation);

        var switched = _table.Apply(_first.Next(
            [_first.Rules[0] with { NearLifetime = TimeSpan.FromSeconds(9) }, _first.Rules[1] with { Match = new KeyPattern("b:?*") }]));

        Assert.Same(a, _table.Matcher.Find("a:1"));
        Assert.Equal(generationOfA, a.Generation);
        Assert.Equal(TimeSpan.FromSeconds(9), a.NearLifetime);
        Assert.NotSame(b, _table.Matcher.Find("b:1"));
        Assert.NotEqual(generationOfB, b.Generation);
        Assert.False(b.IsOn);
        Assert.True(_table.Matcher.Find("b:1")!.IsOn);
        Assert.Equal(["b", "b"], switched.Select(rule => rule.Name));
    }

    [Fact]
    public void A_rule_never_trusts_a_confirmation_longer_than_the_cache_does()
    {
        _table.Apply(_first.Next(
            [_first.Rules[0] with { MaxStaleness = TimeSpan.FromHours(1) },
            _first.Rules[1] with { MaxStaleness = TimeSpan.FromSeconds(4) }]));

        Assert.Equal(5000, _table.Matcher.Find("a:1")!.MaxStalenessMilliseconds);
        Assert.Equal(4000, _table.Matcher.Find("b:1")!.MaxStalenessMilliseconds);
    }

    [Fact]
    public void A_disabled_rule_covers_nothing()
    {
        _table.Apply(_first.Next([_first.Rules[0] with { Enabled = false }]));

        Assert.Null(_table.Matcher.Find("a:1"));
    }

    [Fact]
    public void A_stopped_rule_is_off_and_still_covers_its_keys()
    {
        _table.Apply(_first);
        _table.Merge(StopSet.Of([Stopping("1", "a")]));

        Assert.False(_table.Matcher.Find("a:1")!.IsOn);
        Assert.True(_table.Matcher.Find("b:1")!.IsOn);
    }

    [Fact]
    public void Entries_from_before_a_stop_stay_gone_after_it()
    {
        _table.Apply(_first);
        var rule = _table.Matcher.Find("a:1")!;
        var generation = rule.Generation;
        _table.Merge(StopSet.Of([Stopping("1", null)]));

        _table.Apply(_first.Next(_first.Rules, ["1"]));

        Assert.True(rule.IsOn);
        Assert.Same(rule, _table.Matcher.Find("a:1"));
        Assert.NotEqual(generation, rule.Generation);
    }

    [Fact]
    public void A_cleared_stop_that_is_seen_again_stays_cleared()
    {
        _table.Apply(_first.Next(_first.Rules, ["1"]));
        _table.Merge(StopSet.Of([Stopping("1", null), Stopping("2", "b")]));

        Assert.True(_table.Matcher.Find("a:1")!.IsOn);
        Assert.False(_table.Matcher.Find("b:1")!.IsOn);
        Assert.Equal(["2"], _table.Stops.Stops.Select(stop => stop.Id));
    }

    [Fact]
    public void Rules_that_cannot_be_read_switch_everything_off_until_they_can()
    {
        _table.Apply(_first);
        Assert.Equal(2, _table.BecameUnreadable().Count);
        Assert.All(_table.Matcher.Rules, rule => Assert.False(rule.IsOn));

        _table.Apply(_first.Next(_first.Rules));
        Assert.All(_table.Matcher.Rules, rule => Assert.False(rule.IsOn));

        Assert.Equal(2, _table.BecameReadable().Count);
        Assert.All(_table.Matcher.Rules, rule => Assert.True(rule.IsOn));
    }

    private static Stop Stopping(string id, string? rule) => new(id, rule, "test", "because", DateTimeOffset.UnixEpoch);
}
