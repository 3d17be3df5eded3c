namespace NearCache;

/// <summary>
/// The base of all exceptions of a valid call. The <see cref="Exception.InnerException"/> is the failure of the underlying client.
/// </summary>
public class NearCacheException : Exception
{
    /// <summary>Creates an exception with a message and its cause.</summary>
    public NearCacheException(string message, Exception? innerException = null)
        : base(message, innerException)
    {
    }

    /// <summary>Gets a value indicating whether the same call may succeed if it is repeated.</summary>
    public bool IsTransient { get; init; }

    /// <summary>Gets a value indicating whether the write may have been executed, or may still be: there was no reply.</summary>
    public bool OutcomeUnknown { get; init; }

    /// <summary>Gets the key of the call. The message does not contain it, because keys may be private.</summary>
    public string? Key { get; init; }
}

/// <summary>
/// The exception that is thrown when a factory exceeds <see cref="NearCacheOptions.FactoryTimeout"/> and there is no stale value to serve.
/// </summary>
public sealed class FactoryTimeoutException : NearCacheException
{
    /// <summary>Creates an exception with a message and its cause.</summary>
    public FactoryTimeoutException(string message, Exception? innerException = null)
        : base(message, innerException) => IsTransient = true;
}

/// <summary>
/// The exception that is thrown when the rules do not have the revision that an edit requires, because another edit came first. Nothing was
/// changed.
/// </summary>
public sealed class RevisionConflictException : NearCacheException
{
    internal RevisionConflictException(long expected, long actual)
        : base($"The rules have revision {actual}, not {expected}: they were edited in the meantime. Read them and edit again.") =>
        (Expected, Actual) = (expected, actual);

    /// <summary>Gets the <see cref="EditReason.IfRevision"/> of the edit.</summary>
    public long Expected { get; }

    /// <summary>Gets the revision of the rules.</summary>
    public long Actual { get; }
}

/// <summary>The exception that is thrown when an edit of the rules is refused. Nothing was changed.</summary>
public sealed class RuleRefusedException : NearCacheException
{
    internal RuleRefusedException(IReadOnlyList<string> mistakes)
        : base(string.Join(' ', mistakes)) => Mistakes = mistakes;

    /// <summary>Gets every error as a sentence.</summary>
    public IReadOnlyList<string> Mistakes { get; }
}
