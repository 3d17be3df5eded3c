namespace NearCache.Memcached;

/// <summary>The server is older than the client can speak to: 1.6.10 is the first memcached that it can.</summary>
/// <remarks>
/// The server counts as down: calls fail at once, and one attempt at a time is made in the background, so that a server that was upgraded
/// is found.
/// </remarks>
public sealed class MemcachedServerTooOldException : MemcachedException
{
    internal MemcachedServerTooOldException(string server, string? operation, string version, string oldest)
        : base(
            $"{server} is memcached {version}, and this client needs {oldest} or newer: upgrade the server, or take it off the list (Servers).",
            server,
            operation,
            isTransient: false,
            outcomeUnknown: false,
            cause: null) => Version = version;

    /// <summary>Gets the version as the server states it, for instance <c>1.4.39</c>.</summary>
    public string Version { get; }
}
