using System.Text;
using NearCache.Rules;

namespace NearCache.Tests.Rules;

public sealed class RuleSetTests
{
    private static readonly RuleOptions Products = new() { Name = "products", Match = "product:*" };

    [Fact]
    public void Configured_rules_that_are_carried_already_are_taken_as_they_are()
    {
        var carried = RuleSet.Configured([Products], null);

        Assert.Equal(1, carried.Revision);
        Assert.Same(carried, RuleSet.Configured([Products], carried));
    }

    [Fact]
    public void Configured_rules_that_differ_are_the_next_revision()
    {
        var carried = RuleSet.Configured([Products], null);
        var next = RuleSet.Configured([Products, new RuleOptions { Name = "site", Match = "site" }], carried);

        Assert.Equal(2, next.Revision);
        Assert.Equal([1, 2], next.Rules.Select(rule => rule.Since));
        Assert.Equal(
            2,
            RuleSet.Configured(
                [new RuleOptions { Name = "products", Match = "product:*", NearLifetime = TimeSpan.FromSeconds(1) }], carried).Revision);
    }

    [Fact]
    public void Two_sets_of_one_revision_are_followed_by_the_same_set_whoever_finds_out()
    {
        var before = RuleSet.Configured([Products], null);
        var one = before.Next([.. before.Rules, Rule.From(new RuleOptions { Name = "site", Match = "site" })], ["first"]);
        var other = before.Next([.. before.Rules, Rule.From(new RuleOptions { Name = "site", Match = "place" })], ["second"]);

        var agreed = RuleSet.Agreed(one, other);

        Assert.True(agreed.IsSame(RuleSet.Agreed(other, one)));
        Assert.Equal((3, 2), (agreed.Revision, agreed.Rules.Length));
        Assert.All(agreed.Rules, rule => Assert.Equal(3, rule.Since));
        Assert.Equal(["first", "second"], agreed.Cleared.Order());
    }

    [Fact]
    public void An_edit_keeps_what_a_newer_process_has_written_into_the_set_and_its_rules()
    {
        Assert.True(RuleSetFormat.TryRead(
            Encoding.UTF8.GetBytes(
                """{"format":1,"revision":1,"rules":[{"name":"a","match":"a","since":1,"colour":{"of":"the sky"}},"""
                + """{"name":"b","match":"b","since":1}],"hint":[1,2]}"""), out var set, out _));

        var limited = Rule.From(new RuleOptions { Name = "a", Match = "a", MaxWritesPerSecond = 3 });
        var next = set.Next([limited, set.Rules[1], new Rule("c", new KeyPattern("c"))], ["one"]);

        const string After = """{"format":1,"revision":2,"rules":[{"name":"a","match":"a","maxWritesPerSecond":3,"since":"""
            + """1,"colour":{"of":"the sky"}},{"name":"b","match":"b","since":1},"""
            + """{"name":"c","match":"c","since":2}],"cleared":["one"],"hint":[1,2]}""";
        Assert.Equal(After, System.Text.Encoding.UTF8.GetString(next.Content.Span));
        Assert.True(RuleSetFormat.TryRead(next.Content, out var again, out _));
        Assert.True(again.Next(again.Rules).HasSameRules(next));
        Assert.Same(
            set, RuleSet.Configured([new RuleOptions { Name = "a", Match = "a" }, new RuleOptions { Name = "b", Match = "b" }], set));
    }

    [Fact]
    public void An_edit_loses_nothing_of_a_rule()
    {
        var full = new RuleOptions
        {
            Name = "products",
            Match = "product:*",
            NearLifetime = TimeSpan.FromSeconds(1),
            MaxStaleness = TimeSpan.FromSeconds(4),
            MissLifetime = TimeSpan.FromSeconds(3),
            Preload = { "product:1" },
            MaxWritesPerSecond = 5,
            MaxFleetWritesPerSecond = 6,
            MaxEntries = 7,
            MaxBytes = 8000,
            OnInvalidate = InvalidationPolicy.Refresh,
            ShareValues = true,
            Enabled = false,
            DryRun = true,
        };

        // Each setting differs from its default, so that none can be left out here.
        var plain = new RuleOptions();
        foreach (var setting in typeof(RuleOptions).GetProperties().Where(setting => setting.CanWrite))
        {
            Assert.False(Equals(setting.GetValue(plain), setting.GetValue(full)), setting.Name);
        }

        var rule = Rule.From(full);
        Assert.True(RuleSet.Create(1, [rule], []).IsSame(RuleSet.Create(1, [Rule.From(rule.ToOptions())], [])));
        Assert.True(RuleSet.Create(1, [rule], []).IsSame(RuleSet.Create(1, [Rule.From(full.Copy())], [])));
    }

    [Fact]
    public void A_registry_starts_above_what_the_servers_carry()
    {
        var seed = RuleSet.Seed([Products], 12);

        Assert.Equal((12, 12), (seed.Revision, seed.Rules[0].Since));
    }
}
