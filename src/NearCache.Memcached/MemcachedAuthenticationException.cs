namespace NearCache.Memcached;

/// <summary>
/// The server and this client do not accept each other: the TLS handshake failed, or a name and password are missing or wrong. It will not
/// get better by itself.
/// </summary>
/// <remarks>
/// The server counts as down: calls fail at once, and one attempt at a time is made in the background, as for any server that is down.
/// </remarks>
public sealed class MemcachedAuthenticationException : MemcachedException
{
    internal MemcachedAuthenticationException(string server, string? operation, string text, Exception? cause)
        : base($"{server} cannot be used: {text}", server, operation, isTransient: false, outcomeUnknown: false, cause) => Text = text;

    internal string Text { get; }
}
