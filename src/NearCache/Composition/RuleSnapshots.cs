using NearCache.Rules;

namespace NearCache.Composition;

/// <summary>Converts active rules to <see cref="RuleSnapshot"/>.</summary>
internal static class RuleSnapshots
{
    public static IEnumerable<RuleSnapshot> Of(IEnumerable<ActiveRule> rules) => rules.Select(rule => new RuleSnapshot
    {
        Name = rule.Name,
        IsOn = rule.IsOn,
        NearHits = rule.Counters.NearHits,
        RemoteReads = rule.Counters.RemoteReads,
        Writes = rule.Counters.Writes,
        Announcements = rule.Counters.Announcements,
        IsDryRun = rule.DryRun is not null,
        ChurnBreaker = rule.Breaker,
        ChurnReason = rule.Circuit is { State: not ChurnBreakerState.Closed } circuit ? $"{circuit.Who}: {circuit.Why}" : null,
    });
}
