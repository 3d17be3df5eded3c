namespace NearCache.Memcached;

/// <summary>
/// The server was taken off the client's list while the call was on its way to it. Made again, the call goes to the server that has the key
/// now.
/// </summary>
public sealed class MemcachedServerRemovedException : MemcachedException
{
    internal MemcachedServerRemovedException(string server, string? operation, bool outcomeUnknown)
        : base($"{server} was taken off the list of servers.", server, operation, isTransient: true, outcomeUnknown, cause: null)
    {
    }
}
