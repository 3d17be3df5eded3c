using NearCache.Rules;

namespace NearCache.Coherence.Churn;

/// <summary>The churn breakers as they stand on memcached.</summary>
/// <param name="Circuits">Those that have tripped lately.</param>
/// <param name="Cas">The item's CAS number; null: there is no item.</param>
internal sealed record StoredCircuits(IReadOnlyList<RuleCircuit> Circuits, ulong? Cas);
