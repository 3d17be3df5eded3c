namespace NearCache.Coherence.ServerRules.Core;

/// <summary>What an audit's look at the flags of a server's rules means.</summary>
/// <param name="Confirms">The server carried exactly the applied set: the audit may confirm.</param>
/// <param name="Voids">Writes may have gone by uncounted: everything near of this server is to be dropped now.</param>
internal readonly record struct RulesAuditEffect(bool Confirms, bool Voids);
