using System.Text.RegularExpressions;
using NearCache.Cli.Output;

namespace NearCache.Cli.Doctoring;

/// <summary>Checks what the rules cost and save.</summary>
internal static partial class RuleChecks
{
    // A rule that is hardly used says nothing.
    private const double SomeWrites = 0.05;
    private const double FewHitsPerWrite = 2;

    public static IEnumerable<Check> Of(FleetReading reading)
    {
        if (reading.Rules?.Current.Value is not { } current)
        {
            yield break;
        }

        var found = Each(reading, current).ToArray();
        foreach (var check in found)
        {
            yield return check;
        }

        if (reading.Usage is { IsKnown: false } unknown && reading.HasProcesses && reading.Servers.All(server => server.Statistics.IsKnown))
        {
            yield return Findings.UsageUnknown.Because(
                $"The use of the rules was not read: {unknown.Unknown.TrimEnd('.')}.", "Run the command again.");
        }
        else if (found.Length == 0 && (reading.Usage is not null || reading.Unread.Count == 0))
        {
            var hits = reading.Usage?.Value?.Sum(rule => rule.NearHitsPerSecond) ?? 0;
            yield return Check.Good(
                CheckGroup.Rules,
                $"{Words.Count(current.Rules.Count, "rule")}: {Words.Rate(hits)} near hits a second in the last minute.");
        }
    }

    private static IEnumerable<Check> Each(FleetReading reading, RegistrySnapshot current)
    {
        var usage = (reading.Usage?.Value ?? []).ToDictionary(rule => rule.Rule, StringComparer.Ordinal);
        var suspended = reading.Details.SelectMany(detail => detail.Rules)
            .Where(rule => rule.ChurnBreaker != ChurnBreakerState.Closed)
            .Select(rule => rule.Name)
            .ToHashSet(StringComparer.Ordinal);
        foreach (var rule in current.Rules.Select(rule => rule.Settings).Where(rule => rule.Enabled || rule.DryRun))
        {
            var use = usage.GetValueOrDefault(rule.Name);
            var name = SafeText.ShellWord(rule.Name);
            if (Locks().IsMatch(rule.Match) || Locks().IsMatch(rule.Name))
            {
                yield return Findings.RuleOverLocks.Because(
                    $"Rule {rule.Name} ({rule.Match}) covers keys that look like locks.",
                    $"If they are locks or counters: nearcache rules remove {name} --why \"locks are never near\". If not, give "
                        + $"the keys "
                        + "another name.");
            }

            if (suspended.Contains(rule.Name))
            {
                yield return Findings.RuleSuspended.Because(
                    $"Rule {rule.Name} ({rule.Match}) is suspended by the churn breaker"
                        + (use is null ? "." : $": {Words.Rate(use.WritesPerSecond)} writes a second."),
                    $"Find what writes the keys (nearcache watch), write less, or remove the rule: nearcache rules disable {name} "
                        + $"--why \"…\".");
            }
            else if (!rule.DryRun && use is { WritesPerSecond: >= SomeWrites }
                && use.NearHitsPerSecond < FewHitsPerWrite * use.WritesPerSecond)
            {
                yield return Findings.RuleUseless.Because(
                    $"Rule {rule.Name} ({rule.Match}) has {Words.Rate(use.NearHitsPerSecond)} near hits for "
                        + $"{Words.Rate(use.WritesPerSecond)} "
                        + "writes a second.",
                    $"Narrow its Match to keys that are read often and written seldom, or nearcache rules disable {name} --why "
                        + $"\"…\".");
            }
            else if (!rule.DryRun && use is { NearHitsPerSecond: 0, RemoteReadsPerSecond: 0, WritesPerSecond: 0 }
                && Deciding(current, rule, usage) is { Length: > 0 } deciding)
            {
                yield return Findings.RuleShadowed.Because(
                    $"Rule {rule.Name} ({rule.Match}) decides for no key that is used: {Words.List(deciding)} "
                        + $"{(deciding.Length == 1 ? "is" : "are")} "
                        + "more specific.",
                    $"If that is not meant, narrow {deciding[0]}; otherwise nearcache rules remove {name} --why \"…\".");
            }
        }
    }

    // The rules that begin as this one does and go on, and are used: the more specific rule decides.
    private static string[] Deciding(RegistrySnapshot current, RuleOptions rule, Dictionary<string, RuleUsage> usage) =>
    [
        .. current.Rules.Select(other => other.Settings)
            .Where(other => other.Enabled && other.Name != rule.Name
                && Literal(other.Match).StartsWith(Literal(rule.Match), StringComparison.Ordinal)
                && Literal(other.Match).Length > Literal(rule.Match).Length
                && rule.Match.AsSpan().ContainsAny('*', '?')
                && usage.GetValueOrDefault(other.Name) is { } use
                && use.NearHitsPerSecond + use.RemoteReadsPerSecond + use.WritesPerSecond > 0)
            .Select(other => other.Name),
    ];

    private static string Literal(string match) => match.AsSpan().IndexOfAny('*', '?') is >= 0 and var wildcard ? match[..wildcard] : match;

    [GeneratedRegex(@"(^|[^a-z])(locks?|locked|mutex(es)?|semaphores?|leases?|redlock)([^a-z]|$)", RegexOptions.IgnoreCase)]
    private static partial Regex Locks();
}
