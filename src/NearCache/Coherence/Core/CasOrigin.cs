namespace NearCache.Coherence.Core;

/// <summary>
/// The origin of a CAS value. A restarted server counts CAS values from 1 again, so the value alone does not identify an item.
/// </summary>
/// <param name="Life">
/// The life of the server's contents, read before the request was sent; see <see cref="Ledger.CoherentServer.Epoch"/>.
/// </param>
/// <param name="Connection">The connection that carried the read; null if unknown.</param>
internal readonly record struct CasOrigin(int Life, long? Connection = null);
