using System.Text;
using NearCache.Coherence.ServerRules;
using NearCache.Coherence.ServerRules.Core;
using NearCache.Memcached.Protocol;
using NearCache.Rules;

namespace NearCache.Tests.Coherence.ServerRules;

public sealed class RuleTranslationTests
{
    private static readonly RuleSet Set = RuleSet.Create(
        4, [new Rule("a", new KeyPattern("a:*")) { Since = 2 }, new Rule("b", new KeyPattern("b:*")) { Since = 4, Enabled = false }], []);

    [Fact]
    public void Leases_see_the_enabled_rules_alone()
    {
        var carried = RuleTranslation.Carry(Set);

        Assert.Equal(new RuleIdentity("a", 2, "a:*"), Assert.Single(carried.Rules).Identity);
        Assert.True(carried.Covers("a:1"));
        Assert.False(carried.Covers("b:1"));
        Assert.True(carried.Rules[0].Covers("a:1"));
    }

    [Fact]
    public void A_rule_of_the_same_name_and_revision_that_covers_other_keys_is_another_rule()
    {
        var other = RuleTranslation.Carry(RuleSet.Create(4, [new Rule("a", new KeyPattern("other:*")) { Since = 2 }], []));

        Assert.False(RuleTranslation.Carry(Set).Has(other.Rules[0].Identity));
    }

    [Fact]
    public void What_a_step_writes_reads_as_what_was_meant()
    {
        var stops = StopSet.Of([new Stop("one", "a", "", "", DateTimeOffset.UnixEpoch)]);
        var item = RuleTranslation.Write(new RulesStep(RulesStepKind.Replace, Cas: 5, Incarnation: 77, Settled: 3), Set, stops);
        var read = Read(new MetaResponse { Status = MetaStatus.Ok, Value = item.Encode(), ClientFlags = item.Flags, Cas = 6 })!;

        Assert.Equal(
            (RulesFound.Set, item.Flags, 6ul, 77ul, 3L),
            (read.Reading.Found, read.Reading.Flags, read.Reading.Cas, read.Reading.Incarnation, read.Reading.Settled));
        Assert.True(read.Reading.Set!.IsSame(RuleTranslation.Carry(Set)));
        Assert.Equal(stops, read.Stops);
        Assert.False(read.Against(stops).StopsDiffer);
        Assert.True(read.Against(StopSet.None).StopsDiffer);
    }

    [Fact]
    public void No_item_a_stop_by_hand_and_rubbish_are_told_apart()
    {
        var byHand = Read(new MetaResponse { Status = MetaStatus.Ok, Value = Encoding.UTF8.GetBytes("stop now"), Cas = 3 })!;
        var rubbish = Read(new MetaResponse { Status = MetaStatus.Ok, Value = Encoding.UTF8.GetBytes("rubbish"), Cas = 3 })!;

        Assert.Equal(RulesReading.Absent, Read(new MetaResponse { Status = MetaStatus.Miss })!.Reading);
        Assert.Equal((RulesFound.Nothing, 3ul), (byHand.Reading.Found, byHand.Reading.Cas));
        Assert.True(byHand.Stops.StopsEverything);
        Assert.Equal(RulesFound.Unreadable, rubbish.Reading.Found);
        Assert.NotEmpty(rubbish.Why.Reason);
        Assert.Null(Read(new MetaResponse { Status = MetaStatus.Error, Error = "SERVER_ERROR" }));
    }

    private static RulesItemContent? Read(MetaResponse response) =>
        RuleTranslation.Read(response, "one:11211", set => RuleTranslation.Carry(set));
}
