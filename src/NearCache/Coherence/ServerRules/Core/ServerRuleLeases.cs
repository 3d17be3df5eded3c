namespace NearCache.Coherence.ServerRules.Core;

/// <summary>The leases of a server, as designed.</summary>
internal sealed class RuleLeases(
    RuleLeaseTimes times, LeasedRuleSet applied, Random random) : RuleLeases<RuleLeaseProtocol>(times, applied, random);
