namespace NearCache.Coherence.Core;

/// <summary>The near tier as coherence uses it: coherence voids keys, and never fills them.</summary>
internal interface IInvalidationTarget
{
    /// <summary>
    /// Voids a key: advances the epoch of its stripe, then drops its entry. Called for each announcement or log record before it counts as
    /// explained.
    /// </summary>
    /// <param name="key">The name of the key.</param>
    /// <param name="origin">How this process learned of the write.</param>
    void Invalidate(ReadOnlySpan<byte> key, InvalidationOrigin origin);

    /// <summary>Tells that entries of unknown keys of a server were voided. Called without a lock.</summary>
    /// <param name="server">The name of the server.</param>
    void Flushed(string server)
    {
    }
}

/// <summary>How a process learned of a write.</summary>
/// <param name="Cause">The cause.</param>
/// <param name="Writer">The process that wrote the key.</param>
internal readonly record struct InvalidationOrigin(InvalidationCause Cause, WriterId Writer = default);
