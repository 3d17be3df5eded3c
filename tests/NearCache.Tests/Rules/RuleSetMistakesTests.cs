using NearCache.Rules;

namespace NearCache.Tests.Rules;

public sealed class RuleSetMistakesTests
{
    [Theory]
    [InlineData("*")]
    [InlineData("?abc")]
    [InlineData("*:price")]
    [InlineData("")]
    public void A_match_without_a_literal_beginning_is_refused(string match) =>
        Assert.Contains(
            "it would cover every key",
            Assert.Single(Of(match), mistake => mistake.Contains("literal", StringComparison.Ordinal)),
            StringComparison.Ordinal);

    [Theory]
    [InlineData("~*")]
    [InlineData("~nc:*")]
    [InlineData("~nc:x")]
    [InlineData("~t*")]
    [InlineData("~tag:?")]
    [InlineData("~nc1:*")]
    public void A_match_that_touches_a_reserved_prefix_is_refused(string match) =>
        Assert.Contains("reserved", Assert.Single(Of(match)), StringComparison.Ordinal);

    [Theory]
    [InlineData("~n")]
    [InlineData("~x*")]
    [InlineData("~tags*")]
    public void A_match_beside_a_reserved_prefix_is_allowed(string match) => Assert.Empty(Of(match));

    [Theory]
    [InlineData("a:*", "a:*")]
    [InlineData("a", "a")]
    [InlineData("a:*b*c*", "a:*c*b*")]
    [InlineData("a:*1?", "a:*?2")]
    public void Two_rules_that_tie_on_a_key_are_refused(string one, string other) =>
        Assert.Contains("neither is more specific", Assert.Single(Of(one, other)), StringComparison.Ordinal);

    [Theory]
    [InlineData("a:*", "a:?")]
    [InlineData("a:*b", "a:*c")]
    [InlineData("a:*", "ab:*")]
    [InlineData("a:b", "a:*")]
    public void Two_rules_of_which_one_is_more_specific_or_that_share_no_key_are_allowed(string one, string other) =>
        Assert.Empty(Of(one, other));

    [Fact]
    public void Every_mistake_is_named_at_once()
    {
        var mistakes = RuleSetMistakes.Of(
        [
            new Rule("a b", new KeyPattern("a:*"))
            {
                NearLifetime = TimeSpan.Zero,
                MaxStaleness = TimeSpan.FromSeconds(1),
                MaxWritesPerSecond = 0,
                Preload = ["b:1"],
            },
            new Rule("same", new KeyPattern("b:*")),
            new Rule("same", new KeyPattern("c:*")),
        ]);

        Assert.Equal(6, mistakes.Count);
    }

    [Fact]
    public void A_set_that_is_too_large_is_refused()
    {
        var set = RuleSet.Create(1, [.. Enumerable.Range(0, 2000).Select(i => new Rule($"rule-{i}", new KeyPattern($"prefix-{i}:*")))], []);

        Assert.Contains("65536", Assert.Single(RuleSetMistakes.Of(set)), StringComparison.Ordinal);
    }

    private static List<string> Of(params string[] matches) =>
        RuleSetMistakes.Of([.. matches.Select((match, i) => new Rule($"r{i}", new KeyPattern(match)))]);
}
