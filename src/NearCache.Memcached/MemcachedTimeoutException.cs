namespace NearCache.Memcached;

/// <summary>No reply, or no connection, within the time that the options allow. A reply that comes later is read and dropped.</summary>
public sealed class MemcachedTimeoutException : MemcachedException
{
    internal MemcachedTimeoutException(
        string server, string? operation, bool outcomeUnknown, string setting, TimeSpan time, Exception? cause = null)
        : base(
            $"{server} did not answer {operation ?? "the connection"} within {time.TotalMilliseconds:0} ms ({setting}).",
            server,
            operation,
            isTransient: true,
            outcomeUnknown,
            cause) => Limit = time;

    /// <summary>How long was waited.</summary>
    public TimeSpan Limit { get; }
}
