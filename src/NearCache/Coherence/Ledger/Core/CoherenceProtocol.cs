namespace NearCache.Coherence.Ledger.Core;

/// <summary>The design, unbroken.</summary>
internal readonly struct CoherenceProtocol : ICoherenceProtocol;
