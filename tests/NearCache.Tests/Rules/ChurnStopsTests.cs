using NearCache.Rules;

namespace NearCache.Tests.Rules;

public sealed class ChurnStopsTests
{
    private static readonly DateTimeOffset Noon = new(2030, 1, 1, 12, 0, 0, TimeSpan.Zero);

    [Fact]
    public void A_stop_says_by_its_id_whether_it_ends_by_itself()
    {
        var heals = ChurnStops.Of("locks", "web-1, process 4711", "too fast", heals: true, Noon);
        var stays = ChurnStops.Of("locks", "web-1, process 4711", "too fast", heals: false, Noon);

        Assert.Equal((true, false), (ChurnStops.Heals(heals), ChurnStops.Heals(stays)));
        Assert.Equal(("churn breaker of web-1, process 4711", "locks"), (heals.Who, heals.Rule));
        Assert.True(NearCache.Configuration.NameSyntax.IsValid(heals.Id), heals.Id);
        Assert.False(ChurnStops.Heals(heals with { Rule = null }));
    }

    [Fact]
    public void How_often_a_rule_has_healed_within_an_hour_stands_in_the_history_since_the_last_edit_of_a_person()
    {
        RuleEdit Heal(string rule, int minutesAgo) =>
            new(1, "churn breaker of web-1, process 4711", ChurnStops.Healed(rule), Noon.AddMinutes(-minutesAgo));

        Assert.Equal(0, ChurnStops.CountHealed([], "locks", Noon));
        Assert.Equal(2, ChurnStops.CountHealed([Heal("locks", 61), Heal("locks", 59), Heal("site", 30), Heal("locks", 5)], "locks", Noon));
        Assert.Equal(
            1,
            ChurnStops.CountHealed(
                [Heal("locks", 20), new RuleEdit(2, "Alice", "narrowed", Noon.AddMinutes(-10)), Heal("locks", 5)], "locks", Noon));
    }
}
