namespace NearCache.Memcached;

/// <summary>Something went wrong between this client and a memcached server, or the server refused. The leaves say what.</summary>
public abstract class MemcachedException : Exception
{
    private protected MemcachedException(
        string message, string? server, string? operation, bool isTransient, bool outcomeUnknown, Exception? cause)
        : base(message, cause) => (Server, Operation, IsTransient, OutcomeUnknown) = (server, operation, isTransient, outcomeUnknown);

    /// <summary>The server's name as configured, for instance <c>cache-1:11211</c>; null if there is no one server.</summary>
    public string? Server { get; }

    /// <summary>What was asked for, for instance <c>get</c>, <c>set</c> or <c>group</c>; null when nothing was.</summary>
    public string? Operation { get; }

    /// <summary>Whether the same call may succeed when it is made again.</summary>
    public bool IsTransient { get; }

    /// <summary>
    /// Whether the server may have carried out, or may still carry out, what was asked for. False: it certainly has not and will not.
    /// </summary>
    public bool OutcomeUnknown { get; }
}

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

/// <summary>The server answered this command with an error, for instance because the value is too large for it.</summary>
public sealed class MemcachedServerErrorException : MemcachedException
{
    internal MemcachedServerErrorException(string server, string operation, string error)
        : base(
            $"{server} answered {operation} with: {error}",
            server,
            operation,
            isTransient: error.Contains("out of memory", StringComparison.Ordinal),
            outcomeUnknown: false,
            cause: null) => Error = error;

    /// <summary>The server's own words.</summary>
    public string Error { get; }
}

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
