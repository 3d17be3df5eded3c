using NearCache.Diagnostics;

namespace NearCache.Coherence.Ensemble;

/// <summary>Requests that fail now.</summary>
/// <param name="Purpose">What they are for.</param>
/// <param name="Failures">How many failed since one succeeded.</param>
/// <param name="Reason">Why the last one failed.</param>
internal readonly record struct EnsembleFailure(EnsembleRequest Purpose, int Failures, string Reason);
