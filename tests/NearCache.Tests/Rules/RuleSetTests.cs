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
        Assert.Equal(2, RuleSet.Configured([new RuleOptions { Name = "products", Match = "product:*", NearLifetime = TimeSpan.FromSeconds(1) }], carried).Revision);
    }

    [Fact]
    public void A_registry_starts_above_what_the_servers_carry()
    {
        var seed = RuleSet.Seed([Products], 12);

        Assert.Equal((12, 12), (seed.Revision, seed.Rules[0].Since));
    }
}
