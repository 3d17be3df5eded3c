namespace NearCache;

/// <summary>
/// Everything that can fail in a call that was made rightly. What rose from below is the <see cref="Exception.InnerException"/>.
/// </summary>
public class NearCacheException : Exception
{
    /// <summary>Makes one from what happened.</summary>
    public NearCacheException(string message, Exception? innerException = null)
        : base(message, innerException)
    {
    }

    /// <summary>Whether the same call may succeed when it is made again.</summary>
    public bool IsTransient { get; init; }

    /// <summary>Whether the write may have happened, or may yet: no answer came.</summary>
    public bool OutcomeUnknown { get; init; }

    /// <summary>The key of the call. Not part of the message, since keys may be private.</summary>
    public string? Key { get; init; }
}

/// <summary>
/// A factory did not end within <see cref="NearCacheOptions.FactoryTimeout"/>, and there was no value to serve in its place.
/// </summary>
public sealed class FactoryTimeoutException : NearCacheException
{
    /// <summary>Makes one from what happened.</summary>
    public FactoryTimeoutException(string message, Exception? innerException = null)
        : base(message, innerException) => IsTransient = true;
}

/// <summary>An edit of the rules that was refused: nothing was changed.</summary>
public sealed class RuleRefusedException : NearCacheException
{
    internal RuleRefusedException(IReadOnlyList<string> mistakes)
        : base(string.Join(' ', mistakes)) => Mistakes = mistakes;

    /// <summary>Every mistake as a sentence.</summary>
    public IReadOnlyList<string> Mistakes { get; }
}
