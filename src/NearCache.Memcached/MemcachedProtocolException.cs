namespace NearCache.Memcached;

/// <summary>
/// The server sent what no memcached would have sent there. The connection was closed, since its place in the stream was lost.
/// </summary>
public sealed class MemcachedProtocolException : MemcachedException
{
    internal MemcachedProtocolException(string server, string? operation, bool outcomeUnknown, string reason, Exception? cause = null)
        : base(
            $"{server} sent what is not understood{(operation is null ? "" : $" during {operation}")}: {reason}",
            server,
            operation,
            isTransient: true,
            outcomeUnknown,
            cause)
    {
    }
}
