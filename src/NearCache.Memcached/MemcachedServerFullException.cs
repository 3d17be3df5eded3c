namespace NearCache.Memcached;

/// <summary>The server has as many connections as it allows (its option -c) and refused this one.</summary>
public sealed class MemcachedServerFullException : MemcachedException
{
    internal MemcachedServerFullException(string server, string? operation)
        : base(
            $"{server} refused the connection: it has as many as it allows (memcached -c).",
            server,
            operation,
            isTransient: true,
            outcomeUnknown: false,
            cause: null)
    {
    }
}
