namespace NearCache.Memcached;

/// <summary>
/// More is in flight than the options allow, and they say to fail rather than wait, or the wait was as long as they allow.
/// </summary>
public sealed class MemcachedOverloadException : MemcachedException
{
    internal MemcachedOverloadException(string server, string? operation, string reason)
        : base(
            $"{reason} on the way to {server} (MaxInFlightCommands, MaxInFlightBytes, OverloadPolicy); nothing was sent.",
            server,
            operation,
            isTransient: true,
            outcomeUnknown: false,
            cause: null)
    {
    }
}
