using NearCache.Coherence.ServerRules.Core;
using NearCache.Diagnostics;
using NearCache.Memcached.Protocol;
using NearCache.Rules;

namespace NearCache.Coherence.ServerRules;

/// <summary>Converts between the stored and matched form of rules and the form of the leases.</summary>
internal static class RuleTranslation
{
    private static readonly RuleDefaults NoDefaults = new(TimeSpan.Zero, TimeSpan.Zero, 0);

    /// <summary>
    /// Returns the times of the leases. Readers and writers in one process wait for nothing. Rules that are carried inside the process are
    /// not written by a fleet.
    /// </summary>
    public static RuleLeaseTimes Times(NearCacheOptions options, bool isEmbedded, bool hasCounters = true)
    {
        var maxStaleness = (long)options.MaxStaleness.TotalMilliseconds;
        var lease = (long)options.RuleLease.TotalMilliseconds;
        return isEmbedded ? new RuleLeaseTimes(0, maxStaleness, Spread: 0)
            : hasCounters ? new RuleLeaseTimes(lease, maxStaleness)
            : new RuleLeaseTimes(lease, maxStaleness, Spread: 0);
    }

    /// <summary>Returns the identity of a rule's lease.</summary>
    public static RuleIdentity Identity(ActiveRule rule) => Identity(rule.Rule);

    private static RuleIdentity Identity(Rule rule) => new(rule.Name, rule.Since, rule.Match.Text);

    /// <summary>Compiles a set for the leases. Done once for each set, not for each server.</summary>
    /// <param name="set">The set.</param>
    /// <param name="asMatched">Converts a rule to the form that is matched; null to leave it.</param>
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

    /// <summary>
    /// Decodes the reply to a read of a server's rules item (value, flags, CAS value). Returns null if the server could not reply.
    /// </summary>
    /// <param name="response">The reply.</param>
    /// <param name="server">The server.</param>
    /// <param name="carry">Returns the compiled form of a set, so that equal sets are compiled once.</param>
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

    /// <summary>Creates the item that a step writes.</summary>
    /// <param name="step">A step of kind Add or Replace.</param>
    /// <param name="applied">The applied set.</param>
    /// <param name="stops">All known stops that the set does not clear.</param>
    public static RulesItem Write(in RulesStep step, RuleSet applied, StopSet stops) => new(step.Incarnation, step.Settled, stops, applied);
}

/// <summary>The decoded rules item of a server, for the leases and for the rule table.</summary>
/// <param name="Reading">The content for the leases; see <see cref="Against"/>.</param>
/// <param name="Set">The set; null if there is none, or it cannot be read.</param>
/// <param name="Stops">The stops.</param>
/// <param name="Why">Why the item cannot be read; default if it can.</param>
internal sealed record RulesItemContent(RulesReading Reading, RuleSet? Set, StopSet Stops, UnreadableReason Why)
{
    /// <summary>Returns the reading, after the rule table has merged <see cref="Stops"/> and knows which stops count.</summary>
    public RulesReading Against(StopSet known) => Reading with { StopsDiffer = Reading.Found == RulesFound.Set && !Stops.Equals(known) };
}
