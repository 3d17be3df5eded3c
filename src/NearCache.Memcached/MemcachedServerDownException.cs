namespace NearCache.Memcached;

/// <summary>The server is down and asked again in the background: the call failed at once, and nothing was sent.</summary>
public sealed class MemcachedServerDownException : MemcachedException
{
    internal MemcachedServerDownException(string server, string? operation, Exception? cause)
        : base(
            $"{server} is down: {cause?.Message.TrimEnd('.') ?? "no connection"}. It is tried again within MaxReconnectDelay; nothing was sent.",
            server,
            operation,
            isTransient: true,
            outcomeUnknown: false,
            cause)
    {
    }
}
