namespace NearCache.Memcached;

/// <summary>The connection ended before the reply came.</summary>
public sealed class MemcachedConnectionLostException : MemcachedException
{
    internal MemcachedConnectionLostException(string server, string? operation, bool outcomeUnknown, string reason, Exception? cause)
        : base(
            $"The connection to {server} was lost{(operation is null ? "" : $" during {operation}")}: {reason}",
            server,
            operation,
            isTransient: true,
            outcomeUnknown,
            cause)
    {
    }
}
