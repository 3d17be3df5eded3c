using NearCache.Coherence.ServerRules.Core;
using NearCache.Diagnostics;
using NearCache.Memcached.Protocol;
using NearCache.Rules;

namespace NearCache.Coherence.ServerRules;

/// <summary>Between rules as they are edited, stored and matched, and rules as the leases of a server know them.</summary>
internal static class RuleTranslation
{
    private static readonly RuleDefaults NoDefaults = new(TimeSpan.Zero, TimeSpan.Zero, 0);

    /// <summary>
    /// The times that leases go by; in one process nobody waits, and what carries the rules in this process alone is not written by a whole
    /// fleet.
    /// </summary>
    public static RuleLeaseTimes Times(NearCacheOptions options, bool isEmbedded, bool hasCounters = true)
    {
        var maxStaleness = (long)options.MaxStaleness.TotalMilliseconds;
        var lease = (long)options.RuleLease.TotalMilliseconds;
        return isEmbedded ? new RuleLeaseTimes(0, maxStaleness, Spread: 0)
            : hasCounters ? new RuleLeaseTimes(lease, maxStaleness)
            : new RuleLeaseTimes(lease, maxStaleness, Spread: 0);
    }

    /// <summary>What leases are kept by.</summary>
    public static RuleIdentity Identity(ActiveRule rule) => Identity(rule.Rule);

    private static RuleIdentity Identity(Rule rule) => new(rule.Name, rule.Since, rule.Match.Text);

    /// <summary>A set, compiled for the leases. Done once a set, not once a server.</summary>
    /// <param name="set">The set.</param>
    /// <param name="asMatched">A rule as keys are compared with it; null: as it is written.</param>
    public static LeasedRuleSet Carry(RuleSet set, Func<Rule, Rule>? asMatched = null)
    {
        var enabled = set.Rules.Where(rule => rule.Enabled).Select(rule => asMatched?.Invoke(rule) ?? rule).ToArray();
        var hits = new PerThreadCounter();
        var matcher = new RuleMatcher([.. enabled.Select(rule => new ActiveRule(rule, NoDefaults, hits))]);
        return new LeasedRuleSet(
            set.Revision,
            set.Content,
            [.. enabled.Select(rule => new LeasedRule(Identity(rule), rule.Match.Matches))],
            matcher.Matches);
    }

    /// <summary>The answer to a read of a server's rules item (value, flags, CAS number); null: the server could not say.</summary>
    /// <param name="response">The answer.</param>
    /// <param name="server">The server.</param>
    /// <param name="carry">Finds the compiled form of a set, so that equal ones are compiled once.</param>
    public static RulesItemContent? Read(in MetaResponse response, string server, Func<RuleSet, LeasedRuleSet> carry)
    {
        if (response.Status == MetaStatus.Miss)
        {
            return new RulesItemContent(RulesReading.Absent, null, StopSet.None, default);
        }

        if (response.Status != MetaStatus.Ok)
        {
            return null;
        }

        if (RulesItem.ReadByHand(response.Value.Span, server, response.Cas) is { } stop)
        {
            return new RulesItemContent(
                new RulesReading(RulesFound.Nothing, response.ClientFlags, response.Cas), null, StopSet.Of([stop]), default);
        }

        return RulesItem.TryDecode(response.Value, response.ClientFlags, out var item, out var why)
            ? new RulesItemContent(
                new RulesReading(
                    RulesFound.Set,
                    response.ClientFlags,
                    response.Cas,
                    item.Incarnation,
                    item.Settled,
                    carry(item.Set)), item.Set, item.Stops, default)
            : new RulesItemContent(new RulesReading(RulesFound.Unreadable, response.ClientFlags, response.Cas), null, StopSet.None, why);
    }

    /// <summary>The item that a step writes.</summary>
    /// <param name="step">A step of kind Add or Replace.</param>
    /// <param name="applied">The applied set.</param>
    /// <param name="stops">All stops that are known and not cleared by it.</param>
    public static RulesItem Write(in RulesStep step, RuleSet applied, StopSet stops) => new(step.Incarnation, step.Settled, stops, applied);
}

/// <summary>A server's rules item, for the leases and for the rule table.</summary>
/// <param name="Reading">For the leases; see <see cref="Against"/>.</param>
/// <param name="Set">The set; null: none, or not to be read.</param>
/// <param name="Stops">The stops.</param>
/// <param name="Why">Why it cannot be read, when it cannot.</param>
internal sealed record RulesItemContent(RulesReading Reading, RuleSet? Set, StopSet Stops, UnreadableReason Why)
{
    /// <summary>The reading, once the table has merged <see cref="Stops"/> and says which stops count.</summary>
    public RulesReading Against(StopSet known) => Reading with { StopsDiffer = Reading.Found == RulesFound.Set && !Stops.Equals(known) };
}
