namespace NearCache.Coherence.Core;

/// <summary>Where a CAS was read: CAS ids begin again at 1 when a server restarts, so the number alone names no item.</summary>
/// <param name="Life">
/// The life of the server's contents, noted before the read was sent; see <see cref="Ledger.CoherentServer.Epoch"/>.
/// </param>
/// <param name="Connection">The connection that carried the read; null: not known.</param>
internal readonly record struct CasOrigin(int Life, long? Connection = null);
