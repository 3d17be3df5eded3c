namespace NearCache;

/// <summary>The data of <see cref="NearCacheEvents.Invalidated"/>.</summary>
public sealed class KeyInvalidatedEventArgs : EventArgs
{
    /// <summary>
    /// Gets the key; null if the entries of a part of a server were voided and the keys are not known, so that any key may have changed.
    /// </summary>
    public required string? Key { get; init; }

    /// <summary>Gets the name of the rule that covers the key; null if the key is not known.</summary>
    public required string? Rule { get; init; }

    /// <summary>Gets how this process learned of the change.</summary>
    public required InvalidationCause Cause { get; init; }

    /// <summary>
    /// Gets the short id of the process that wrote the key, 8 hexadecimal digits as in <see cref="KeyDiagnosis"/>; null if it is not known:
    /// announcements do not name the writer.
    /// </summary>
    public string? Writer { get; init; }

    /// <summary>Gets the name of the server whose entries were voided; null if the key is known.</summary>
    public string? Server { get; init; }
}

/// <summary>Specifies how a process learned that a key changed.</summary>
public enum InvalidationCause
{
    /// <summary>This process wrote or removed the key.</summary>
    Written,

    /// <summary>Another process wrote the key and announced it.</summary>
    Announced,

    /// <summary>Another process wrote the key, and an audit found its log record.</summary>
    Audited,

    /// <summary>An audit found writes of unknown keys, or the server has lost its counters.</summary>
    Flushed,
}
