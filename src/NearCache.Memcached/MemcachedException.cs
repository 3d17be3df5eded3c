namespace NearCache.Memcached;

/// <summary>
/// The base class of the exceptions that <see cref="MemcachedClient"/> throws when a server cannot be used or refuses a command.
/// </summary>
public abstract class MemcachedException : Exception
{
    private protected MemcachedException(
        string message, string? server, string? operation, bool isTransient, bool outcomeUnknown, Exception? cause)
        : base(message, cause) => (Server, Operation, IsTransient, OutcomeUnknown) = (server, operation, isTransient, outcomeUnknown);

    /// <summary>Gets the server's name as configured, for instance <c>cache-1:11211</c>; null if no single server is concerned.</summary>
    public string? Server { get; }

    /// <summary>Gets the operation, for instance <c>get</c>, <c>set</c> or <c>group</c>; null if there was none.</summary>
    public string? Operation { get; }

    /// <summary>Gets a value that indicates whether the same call may succeed when it is repeated.</summary>
    public bool IsTransient { get; }

    /// <summary>
    /// Gets a value that indicates whether the server may have executed, or may still execute, the operation. If false, it certainly has
    /// not and will not.
    /// </summary>
    public bool OutcomeUnknown { get; }
}

/// <summary>The exception that is thrown when a connection ends before its reply has arrived.</summary>
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

/// <summary>
/// The exception that is thrown when a server is down. The call fails at once and nothing is sent; the client reconnects in the background.
/// </summary>
public sealed class MemcachedServerDownException : MemcachedException
{
    internal MemcachedServerDownException(string server, string? operation, Exception? cause)
        : base(
            $"{server} is down: {cause?.Message.TrimEnd('.') ?? "no connection"}. "
            + "The client reconnects within MaxReconnectDelay; nothing was sent.",
            server,
            operation,
            isTransient: true,
            outcomeUnknown: false,
            cause)
    {
    }
}

/// <summary>
/// The exception that is thrown when a server refuses a connection because it has reached its connection limit (option <c>-c</c>).
/// </summary>
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
/// The exception that is thrown when a server is removed from the client's list while a call is on its way to it. A repeated call goes to
/// the server that owns the key now.
/// </summary>
public sealed class MemcachedServerRemovedException : MemcachedException
{
    internal MemcachedServerRemovedException(string server, string? operation, bool outcomeUnknown)
        : base($"{server} was removed from the list of servers.", server, operation, isTransient: true, outcomeUnknown, cause: null)
    {
    }
}

/// <summary>
/// The exception that is thrown when a reply or a connection does not arrive within the configured time. A reply that arrives later is
/// dropped.
/// </summary>
public sealed class MemcachedTimeoutException : MemcachedException
{
    internal MemcachedTimeoutException(
        string server, string? operation, bool outcomeUnknown, string setting, TimeSpan time, Exception? cause = null)
        : base(
            $"{server} did not reply to {operation ?? "the connection attempt"} within {time.TotalMilliseconds:0} ms ({setting}).",
            server,
            operation,
            isTransient: true,
            outcomeUnknown,
            cause) => Limit = time;

    /// <summary>Gets the time limit that was exceeded.</summary>
    public TimeSpan Limit { get; }
}

/// <summary>
/// The exception that is thrown when more commands are in flight than the options allow, and either <see cref="OverloadPolicy.Fail"/> is
/// set or the wait for capacity has timed out.
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

/// <summary>
/// The exception that is thrown when a server replies to a command with an error, for instance because the value is too large.
/// </summary>
public sealed class MemcachedServerErrorException : MemcachedException
{
    internal MemcachedServerErrorException(string server, string operation, string error)
        : base(
            $"{server} replied to {operation} with: {error}",
            server,
            operation,
            isTransient: error.Contains("out of memory", StringComparison.Ordinal),
            outcomeUnknown: false,
            cause: null) => Error = error;

    /// <summary>Gets the server's error message.</summary>
    public string Error { get; }
}

/// <summary>
/// The exception that is thrown when a server and the client do not accept each other: the TLS handshake failed, or a user name and
/// password are missing or wrong. The condition does not resolve itself.
/// </summary>
/// <remarks>The server counts as down: calls fail at once, while the client attempts to reconnect in the background.</remarks>
public sealed class MemcachedAuthenticationException : MemcachedException
{
    internal MemcachedAuthenticationException(string server, string? operation, string text, Exception? cause)
        : base($"{server} cannot be used: {text}", server, operation, isTransient: false, outcomeUnknown: false, cause) => Text = text;

    internal string Text { get; }
}

/// <summary>
/// The exception that is thrown when a server is older than memcached 1.6.10, the oldest version that the client supports.
/// </summary>
/// <remarks>
/// The server counts as down: calls fail at once, while the client attempts to reconnect in the background, so that an upgraded server is
/// found.
/// </remarks>
public sealed class MemcachedServerTooOldException : MemcachedException
{
    internal MemcachedServerTooOldException(string server, string? operation, string version, string oldest)
        : base(
            $"{server} is memcached {version}, and this client requires {oldest} or newer: "
            + "upgrade the server, or remove it from the list (Servers).",
            server,
            operation,
            isTransient: false,
            outcomeUnknown: false,
            cause: null) => Version = version;

    /// <summary>Gets the version that the server reports, for instance <c>1.4.39</c>.</summary>
    public string Version { get; }
}

/// <summary>
/// The exception that is thrown when a server sends bytes that violate the protocol. The connection is closed, since its position in the
/// stream is lost.
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
