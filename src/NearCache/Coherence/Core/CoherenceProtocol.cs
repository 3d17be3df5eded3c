namespace NearCache.Coherence.Core;

/// <summary>The design, unbroken.</summary>
internal readonly struct CoherenceProtocol : ICoherenceProtocol;
