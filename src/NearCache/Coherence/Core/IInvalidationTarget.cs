namespace NearCache.Coherence.Core;

/// <summary>The near tier as coherence uses it: coherence voids keys, and never fills them.</summary>
internal interface IInvalidationTarget
{
    /// <summary>
    /// Voids a key: advances the epoch of its stripe, then drops its entry. Called for each announcement or log record before it counts as
    /// explained.
    /// </summary>
    void Invalidate(ReadOnlySpan<byte> key);
}
