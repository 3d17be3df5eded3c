namespace NearCache.Coherence.Core;

/// <summary>A rule between two changes of its match or enable.</summary>
/// <param name="Name">Its name.</param>
/// <param name="Since">The revision of the set in which match or enable last changed.</param>
internal readonly record struct RuleIdentity(string Name, long Since);
