namespace NearCache.Coherence.Core;

/// <summary>The leases of a server, as designed.</summary>
internal sealed class ServerRuleLeases(
    RuleLeaseTimes times, CarriedSet applied, Random random) : RuleLeases<RulesAsDesigned>(times, applied, random);
