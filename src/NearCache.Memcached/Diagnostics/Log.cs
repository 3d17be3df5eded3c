using Microsoft.Extensions.Logging;

namespace NearCache.Memcached.Diagnostics;

/// <summary>
/// All log events of this package: 2000-2099 connections, 2100-2199 servers, 2200-2299 the client. Each event reports a change of state,
/// not a single call.
/// </summary>
internal static partial class Log
{
    [LoggerMessage(2000, LogLevel.Debug, "Connected to {Server} from {Local} (memcached {Version}, connection {Connection}).")]
    public static partial void Connected(this ILogger logger, string server, string? local, string? version, long connection);

    [LoggerMessage(
        2001, LogLevel.Warning, "Connection {Connection} to {Server} was lost after {Age} with {InFlight} commands in flight: {Reason}")]
    public static partial void ConnectionLost(
        this ILogger logger, long connection, string server, TimeSpan age, int inFlight, string reason);

    [LoggerMessage(2002, LogLevel.Debug, "{Server} is still down after {Attempts} attempts; the next is in {Wait}: {Reason}")]
    public static partial void StillDown(this ILogger logger, string server, int attempts, TimeSpan wait, string reason);

    [LoggerMessage(2100, LogLevel.Warning, "{Server} is down: calls to it fail at once until it answers. {Reason}")]
    public static partial void ServerDown(this ILogger logger, string server, string reason);

    [LoggerMessage(2101, LogLevel.Information, "{Server} is up again after {Attempts} attempts.")]
    public static partial void ServerUp(this ILogger logger, string server, int attempts);

    [LoggerMessage(
        2200,
        LogLevel.Warning,
        "A MemcachedClient for {Servers} was never disposed; its connections are closed now. It was created here:\n{CreatedAt}")]
    public static partial void NeverDisposed(this ILogger logger, string servers, string createdAt);

    [LoggerMessage(
        2202,
        LogLevel.Warning,
        "The thread pool has executed nothing for {Milliseconds} ms or more: calls that block (.Result, .Wait()) occupy its threads. "
        + "Commands to memcached continue on dedicated threads of the client; timeouts, reconnects and everything else wait for the pool. "
        + "Await the calls instead.")]
    public static partial void PoolStarved(this ILogger logger, int milliseconds);

    [LoggerMessage(
        2201,
        LogLevel.Information,
        "The list of servers was changed to {Servers}: added {Added}, removed {Removed}. "
        + "Keys that move to another server are misses there.")]
    public static partial void ServersChanged(this ILogger logger, string servers, string added, string removed);
}
