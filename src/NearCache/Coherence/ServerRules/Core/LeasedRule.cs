namespace NearCache.Coherence.ServerRules.Core;

/// <summary>An enabled rule of a set, as far as leases care.</summary>
/// <param name="Identity">What leases are kept by.</param>
/// <param name="Covers">The keys that it covers, whatever other rules say.</param>
internal readonly record struct LeasedRule(RuleIdentity Identity, KeyPredicate Covers);
