using NearCache.Diagnostics;
using NearCache.Rules;

namespace NearCache.Tests.Rules;

public sealed class RuleMatcherTests
{
    [Theory]
    [InlineData("site", "site")]
    [InlineData("site2", null)]
    [InlineData("product:1", "product:*")]
    [InlineData("product:", "product:*")]
    [InlineData("product", null)]
    [InlineData("product:1:price", "product:*:price")]
    [InlineData("product:special", "product:special")]
    [InlineData("product:special:price", "product:special:*")]
    [InlineData("product:sp", "product:*")]
    [InlineData("", null)]
    public void The_most_specific_rule_wins(string key, string? match)
    {
        var matcher = Matcher("site", "product:*", "product:*:price", "product:special", "product:special:*");

        Assert.Equal(match, matcher.Find(key)?.Rule.Match.Text);
    }

    [Fact]
    public void No_rules_cover_nothing() => Assert.Null(RuleMatcher.None.Find("any"));

    [Fact]
    public void The_compiled_matcher_agrees_with_asking_every_rule_in_turn()
    {
        var random = new Random(20300101);
        for (var round = 0; round < 2000; round++)
        {
            var rules = new List<Rule>();
            for (var i = random.Next(1, 40); i > 0; i--)
            {
                var rule = new Rule($"r{i}", new KeyPattern(Word(random, "abc:*?", 1, 7)));
                if (RuleSetMistakes.Of([.. rules, rule]).Count == 0)
                {
                    rules.Add(rule);
                }
            }

            var matcher = Matcher([.. rules.Select(rule => rule.Match.Text)]);
            for (var i = 0; i < 100; i++)
            {
                var key = Word(random, "abc:d", 0, 9);
                var naive = rules.Where(rule => rule.Match.Matches(key)).OrderByDescending(rule => rule.Match.Specificity).FirstOrDefault();
                Assert.Equal(naive?.Match.Text, matcher.Find(key)?.Rule.Match.Text);
            }
        }
    }

    [Fact]
    public void A_look_up_allocates_nothing()
    {
        var matcher = Matcher(
            [.. Enumerable.Range(0, 1000).Select(i => (i % 3) switch { 0 => $"exact:{i}", 1 => $"prefix{i}:*", _ => $"glob{i}:*:x" })]);
        var keys = Enumerable.Range(0, 1000)
            .Select(i => (i % 3) switch { 0 => $"exact:{i}", 1 => $"prefix{i}:abc", _ => $"glob{i}:abc:x" })
            .ToArray();
        Assert.All(keys, key => Assert.NotNull(matcher.Find(key)));

        Assert.Equal(0, Allocations.Of(() =>
        {
            foreach (var key in keys)
            {
                matcher.Find(key);
            }
        }));
    }

    private static RuleMatcher Matcher(params string[] matches) =>
        new([.. matches.Select((match, i) => new ActiveRule(
            new Rule($"r{i}", new KeyPattern(match)),
            new RuleDefaults(TimeSpan.FromMinutes(1), TimeSpan.FromSeconds(5), 20),
            new PerThreadCounter()))]);

    private static string Word(Random random, string letters, int least, int most) =>
        string.Create(random.Next(least, most + 1), (random, letters), static (word, state) =>
        {
            for (var i = 0; i < word.Length; i++)
            {
                word[i] = state.letters[state.random.Next(state.letters.Length)];
            }
        });
}
