using NearCache.Memcached.Protocol;

namespace NearCache.Memcached.Connections;

/// <summary>The reason for which a connection ended. Creates a separate exception for each of its operations.</summary>
internal sealed class ConnectionFailure
{
    private readonly Func<string?, bool, Exception> _make;

    private ConnectionFailure(string reason, string text, Func<string?, bool, Exception> make) =>
        (Reason, Text, _make) = (reason, text, make);

    /// <summary>Gets the reason for metrics, one of a few fixed words.</summary>
    public string Reason { get; }

    /// <summary>Gets the description for logs.</summary>
    public string Text { get; }

    /// <summary>Gets a value that indicates whether the server must be probed before calls are sent to it again.</summary>
    public bool IsSuspect => Reason is "silent" or "stalled" or "full" or "connect";

    public static ConnectionFailure Lost(string server, string text, Exception? cause) =>
        new("lost", text, (operation, unknown) => new MemcachedConnectionLostException(server, operation, unknown, text, cause));

    public static ConnectionFailure Silent(string server, TimeSpan limit) => new(
        "silent",
        $"nothing arrived for {limit.TotalMilliseconds:0} ms while replies were due (OperationTimeout)",
        (operation, unknown) =>
            new MemcachedTimeoutException(server, operation, unknown, nameof(MemcachedOptions.OperationTimeout), limit));

    public static ConnectionFailure Stalled(string server, TimeSpan limit)
    {
        var text = $"a reply or request that other commands wait for advanced by less than {LivenessMonitor.StallBytes / 1024} KiB "
            + $"within {limit.TotalMilliseconds:0} ms (StallTimeout)";
        return new("stalled", text, (operation, unknown) => new MemcachedConnectionLostException(server, operation, unknown, text, null));
    }

    public static ConnectionFailure ProtocolError(string server, string text) =>
        new("protocol", text, (operation, unknown) => new MemcachedProtocolException(server, operation, unknown, text));

    public static ConnectionFailure Full(string server) =>
        new(
            "full",
            "the server has as many connections as it allows",
            (operation, _) => new MemcachedServerFullException(server, operation));

    public static ConnectionFailure TooOld(string server, string version) => new(
        "version",
        $"it is memcached {version}, and the oldest that can be used is {ServerVersion.Oldest}",
        (operation, _) => new MemcachedServerTooOldException(server, operation, version, ServerVersion.Oldest.ToString()));

    /// <summary>
    /// Creates the failure of a connection that could not be opened. A cause that already is such a failure is not wrapped again.
    /// </summary>
    public static ConnectionFailure NotConnected(string server, Exception cause) => cause switch
    {
        MemcachedServerFullException => Full(server),
        MemcachedAuthenticationException e =>
            new(
                "authentication",
                e.Text,
                (operation, _) => new MemcachedAuthenticationException(server, operation, e.Text, e.InnerException)),
        MemcachedServerTooOldException e => TooOld(server, e.Version),
        MemcachedServerDownException { InnerException: { } first } => NotConnected(server, first),
        _ => new("connect", cause.Message, (operation, _) => new MemcachedServerDownException(server, operation, cause)),
    };

    public static ConnectionFailure Closed() =>
        new("closed", "the client was disposed", (_, _) => new ObjectDisposedException(nameof(MemcachedClient)));

    public static ConnectionFailure Removed(string server) => new(
        "removed", "the server was taken off the list", (operation, unknown) => new MemcachedServerRemovedException(
            server, operation, unknown));

    public Exception ToException(string? operation, bool outcomeUnknown) => _make(operation, outcomeUnknown);
}
