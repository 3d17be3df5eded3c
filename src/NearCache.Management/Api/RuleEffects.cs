using System.Globalization;
using System.IO.Enumeration;
using NearCache.Management.Collecting;

namespace NearCache.Management.Api;

/// <summary>Says in words what an edit of a rule would do, from the use of the rule and from the hottest keys.</summary>
/// <param name="state">What is known of the fleet.</param>
/// <param name="hot">The hottest keys.</param>
internal sealed class RuleEffects(ContextState state, Observed<FleetHotKeys> hot)
{
    private const int Hottest = 50;

    /// <summary>Returns the effects of replacing a rule.</summary>
    /// <param name="before">The rule before the edit; null if it is added.</param>
    /// <param name="after">The rule after the edit; null if it is removed.</param>
    public IEnumerable<string> Of(RuleOptions? before, RuleOptions? after)
    {
        if (before is null)
        {
            yield return "The rule is added as a dry run: it keeps nothing near, and counts what it would do. Promote it in some minutes.";
        }
        else
        {
            yield return OfUse(before, after);
        }

        if (after is not null && after.Match != before?.Match)
        {
            foreach (var effect in OfKeys(after))
            {
                yield return effect;
            }
        }
    }

    private string OfUse(RuleOptions before, RuleOptions? after)
    {
        if (state.Reading?.UsageOf(before.Name) is not { } usage)
        {
            return $"The use of the rule is unknown: {state.Reading?.Usage.Unknown ?? OverviewMapping.Reason(state)}.";
        }

        if (after is null)
        {
            return $"memcached takes {Rate(usage.NearHitsPerSecond)} more reads a second that are near now.";
        }

        if (before.Match != after.Match)
        {
            return "The keys that it covers change: every process drops its entries of the rule, and keeps keys near again after about a "
                + "rule lease.";
        }

        return usage.WritesPerSecond > state.Limits.FleetLimitOf(after)
            ? Suspended(usage.WritesPerSecond, after)
            : $"{Rate(usage.WritesPerSecond)} writes and {Rate(usage.NearHitsPerSecond + usage.RemoteReadsPerSecond)} reads a second.";
    }

    private IEnumerable<string> OfKeys(RuleOptions rule)
    {
        if (!hot.IsKnown)
        {
            yield return $"Which of the hottest keys it covers is unknown: {hot.Unknown}";
            yield break;
        }

        HotKey[] hottest = [.. hot.Value.Keys.Take(Hottest)];
        if (hottest.Length == 0 || hottest.All(key => key.IsHashed))
        {
            yield return hottest.Length == 0
                ? "Which of the hottest keys it covers is unknown: no process has reported any yet."
                : "Which of the hottest keys it covers is unknown while keys are hashed (Reports:Keys).";
            yield break;
        }

        HotKey[] covered = [.. hottest.Where(key => !key.IsHashed && FileSystemName.MatchesSimpleExpression(rule.Match, key.Key, false))];
        yield return string.Create(
            CultureInfo.InvariantCulture, $"It covers {covered.Length} of the {hottest.Length} hottest keys.");
        var writes = covered.Sum(key => key.WritesPerSecond);
        if (writes > state.Limits.FleetLimitOf(rule))
        {
            yield return Suspended(writes, rule);
        }

        foreach (var nature in covered.Select(key => key.Nature).Where(nature => nature != KeyNature.Unknown).Distinct())
        {
            yield return $"Keys that look like {Mapping.NameOf(nature)}s are among them, which are never worth keeping near.";
        }
    }

    private string Suspended(double writes, RuleOptions rule) =>
        $"{Rate(writes)} writes a second in the fleet: the churn breaker would suspend it, the limit is "
            + $"{Rate(state.Limits.FleetLimitOf(rule))}.";

    private static string Rate(double rate) => rate.ToString(rate < 10 ? "0.#" : "#,0", CultureInfo.InvariantCulture);
}
