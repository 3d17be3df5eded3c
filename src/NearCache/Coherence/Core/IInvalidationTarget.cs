namespace NearCache.Coherence.Core;

/// <summary>The near store as coherence sees it: it may make it forget keys, never fill it.</summary>
internal interface IInvalidationTarget
{
    /// <summary>
    /// Voids a key: advances the epoch of its stripe, then drops its entry. Called for each piece of news before it counts as explained.
    /// </summary>
    void Invalidate(ReadOnlySpan<byte> key);
}
