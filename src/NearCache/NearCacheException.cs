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
