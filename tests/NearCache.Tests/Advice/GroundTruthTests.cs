using System.Globalization;

namespace NearCache.Tests.Advice;

/// <summary>The proposals for generated workloads, compared with what is worth a rule.</summary>
public sealed class GroundTruthTests
{
    private const int Processes = 4;

    private static int Rounds => int.TryParse(Environment.GetEnvironmentVariable("NEARCACHE_ROUNDS"), out var rounds) ? rounds : 20;

    private static int FirstSeed => int.TryParse(Environment.GetEnvironmentVariable("NEARCACHE_SEED"), out var seed) ? seed : 1;

    [Fact]
    public void The_proposals_save_most_of_what_can_be_saved_and_cover_nothing_bad()
    {
        var worst = double.MaxValue;
        for (var seed = FirstSeed; seed < FirstSeed + Rounds; seed++)
        {
            var groups = new Workload(seed).Create();
            using var fleet = new AdvisedFleet(groups, Processes, seed);
            fleet.Run(seconds: 60, isMeasured: false);
            var advice = fleet.Advise(KeyVisibility.Plain);
            fleet.Run(seconds: 30, isMeasured: true);

            var covered = groups.Where(group => advice.Proposals.Any(proposal => Covers(proposal, group))).ToArray();
            var bad = covered.Where(group => !group.IsGood).Select(group => $"{group.Traffic} {group.Prefix}").ToArray();
            var possible = groups.Where(group => group.IsGood).Sum(group => fleet.Saved.GetValueOrDefault(group));
            var part = covered.Sum(group => (double)fleet.Saved.GetValueOrDefault(group)) / possible;
            worst = Math.Min(worst, part);
            Assert.True(bad is [], $"seed {seed}: rules would cover {string.Join(", ", bad)}: {Describe(advice)}");
            Assert.True(part >= 0.8, string.Create(
                CultureInfo.InvariantCulture,
                $"seed {seed}: {part:P0} of what can be saved; missing: {Missing(groups, covered, fleet)}; {Describe(advice)}"));
            Assert.All(advice.Proposals, proposal => Assert.True(proposal.Settings is { DryRun: true }));
        }

        TestContext.Current.TestOutputHelper?.WriteLine(
            string.Create(CultureInfo.InvariantCulture, $"the least part that was saved: {worst:P1}"));
    }

    [Fact]
    public void With_hashed_keys_no_rule_can_be_added_and_the_advice_says_what_it_knows()
    {
        var groups = new Workload(FirstSeed).Create();
        using var fleet = new AdvisedFleet(groups, Processes, FirstSeed);
        fleet.Run(seconds: 60, isMeasured: false);

        var advice = fleet.Advise(KeyVisibility.Hashed);

        Assert.Empty(advice.HotKeys.Prefixes);
        Assert.NotEmpty(advice.HotKeys.Keys);
        Assert.All(advice.HotKeys.Keys, key => Assert.True(key.IsHashed && key.Key.StartsWith('#')));
        Assert.NotEmpty(advice.Proposals);
        Assert.All(advice.Proposals, proposal =>
        {
            Assert.Null(proposal.Settings);
            Assert.StartsWith("#", proposal.Keys, StringComparison.Ordinal);
        });
        Assert.Contains(advice.Notes, note => note.Contains("Reports:Keys = Plain", StringComparison.Ordinal));
    }

    private static bool Covers(RuleProposal proposal, KeyGroup group) =>
        proposal.Keys.EndsWith('*')
            ? group.Prefix.StartsWith(proposal.Keys[..^1], StringComparison.Ordinal)
                || proposal.Keys.StartsWith(group.Prefix, StringComparison.Ordinal)
            : !group.IsGood && proposal.Keys.StartsWith(group.Prefix, StringComparison.Ordinal);

    private static string Missing(IEnumerable<KeyGroup> groups, KeyGroup[] covered, AdvisedFleet fleet) => string.Join(
        ", ",
        groups.Where(group => group.IsGood && !covered.Contains(group))
            .Select(group => $"{group.Prefix} ({fleet.Saved.GetValueOrDefault(group)} of {fleet.Reads.GetValueOrDefault(group)})"));

    private static string Describe(RuleAdvice advice) =>
        $"proposed {string.Join(", ", advice.Proposals.Select(proposal => $"{proposal.Keys} ({proposal.Reason})"))}; refused "
            + string.Join(", ", advice.NotProposed.Select(keys => $"{keys.Keys} ({keys.Reason})"));
}
