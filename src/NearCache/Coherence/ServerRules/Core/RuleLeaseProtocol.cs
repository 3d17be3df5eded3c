namespace NearCache.Coherence.ServerRules.Core;

/// <summary>The activation of rules, unbroken.</summary>
internal readonly struct RuleLeaseProtocol : IRuleLeaseProtocol;
