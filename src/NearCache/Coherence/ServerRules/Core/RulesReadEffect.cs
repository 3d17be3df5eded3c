namespace NearCache.Coherence.ServerRules.Core;

/// <summary>What reading a server's rules means for the rest of the process.</summary>
/// <param name="Voids">Writes may have gone by uncounted: everything near of this server is to be dropped now.</param>
/// <param name="Newer">A set that is newer than the applied one: apply it.</param>
/// <param name="Conflicts">A set with the applied one's revision and other content: someone has edited past the registry.</param>
internal readonly record struct RulesReadEffect(bool Voids = false, LeasedRuleSet? Newer = null, bool Conflicts = false);
