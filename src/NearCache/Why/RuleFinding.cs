using NearCache.Coherence.ServerRules;
using NearCache.Rules;

namespace NearCache.Why;

/// <summary>The rule that decides for a key in a process, and why.</summary>
/// <param name="Rule">The rule, on or off; null if none covers the key.</param>
/// <param name="Reason">Why it decides, or why none does.</param>
/// <param name="Stop">The stop that switches the rule off; null if none does.</param>
internal sealed record RuleFinding(ActiveRule? Rule, string Reason, RuleStop? Stop)
{
    /// <summary>Finds the rule of a key by its name.</summary>
    public static RuleFinding Of(string name, RuleTable table)
    {
        var (matcher, tried, applied, stops) = (table.Matcher, table.Tried, table.Applied, table.Stops);
        if (matcher.Find(name) is not { } rule)
        {
            return new RuleFinding(null, WhyNone(name, tried?.Find(name), applied), null);
        }

        var others = matcher.Rules.Where(other => other != rule && other.Rule.Match.Matches(name)).Select(Named).ToArray();
        var kind = rule.Rule.Match.Kind switch
        {
            KeyPatternKind.Exact => "names exactly this key",
            KeyPatternKind.Prefix => "covers the key by its prefix",
            _ => "covers the key by its pattern",
        };
        var reason = others.Length == 0 ? kind : $"{kind}, and is more specific than {string.Join(", ", others)}";
        var stop = stops.Stops.FirstOrDefault(stop => stop.Rule is null || stop.Rule == rule.Name);
        return new RuleFinding(rule, reason, stop is null ? null : RegistryWatch.Shown(stop));
    }

    /// <summary>Describes the rule; null if there is none.</summary>
    /// <param name="fillsAfter">
    /// Returns the time until the rule may fill from the server of the key; null if the server does not carry it.
    /// </param>
    public DiagnosedRule? Describe(Func<ActiveRule, TimeSpan?> fillsAfter) => Rule is null ? null : new DiagnosedRule
    {
        Name = Rule.Name,
        Match = Rule.Rule.Match.Text,
        IsOn = Rule.IsOn,
        NearLifetime = Rule.NearLifetime,
        MaxStaleness = TimeSpan.FromMilliseconds(Rule.MaxStalenessMilliseconds),
        Stop = Stop,
        FillsAfter = fillsAfter(Rule),
        ChurnBreaker = Rule.Breaker,
    };

    private static string WhyNone(string name, ActiveRule? tried, RuleSet applied)
    {
        if (applied.Revision == 0)
        {
            return "no rules have been read yet";
        }

        if (tried is not null)
        {
            return $"no rule in force covers the key: {Named(tried)} would, but is a dry run";
        }

        var disabled = applied.Rules.Where(rule => !rule.Enabled && rule.Match.Matches(name)).ToArray();
        return disabled.Length > 0
            ? $"no rule in force covers the key: {string.Join(", ", disabled.Select(Named))} would, but is disabled"
            : applied.Rules.Length == 0 ? "there are no rules"
            : $"no rule covers the key, of {applied.Rules.Length} in revision {applied.Revision}";
    }

    private static string Named(ActiveRule rule) => Named(rule.Rule);

    private static string Named(Rule rule) => $"{rule.Name} ({rule.Match.Text})";
}
