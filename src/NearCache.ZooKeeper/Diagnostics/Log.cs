#pragma warning disable CA1873 // A message of an exception costs little, and these events are rare.

using Microsoft.Extensions.Logging;

namespace NearCache.ZooKeeper.Diagnostics;

/// <summary>The log events of the client.</summary>
// 3000-3099 connections, 3100-3199 sessions, 3200-3299 watches. Names and ids never change once shipped.
internal static partial class Log
{
    [LoggerMessage(3000, LogLevel.Debug, "Connecting to {Server}.")]
    public static partial void Connecting(this ILogger logger, string server);

    // Warning, once in 15 s; else Debug.
    [LoggerMessage(EventId = 3001, Message = "No connection to {Server}: {Problem} The next attempt in {Wait} ms.")]
    private static partial void ConnectFailed(
        this ILogger logger, LogLevel level, Exception? exception, string server, double wait, string problem);

    /// <summary>Logs one line. The stack trace is included if Debug is enabled.</summary>
    public static void ConnectFailed(this ILogger logger, LogLevel level, Exception exception, string server, double wait) =>
        logger.ConnectFailed(level, AtDebug(logger, exception), server, wait, exception.Message);

    // Warning, once in 15 s; else Debug.
    [LoggerMessage(EventId = 3002, Message = "The connection to {Server} was lost: {Problem} The next attempt in {Wait} ms.")]
    private static partial void ConnectionLost(
        this ILogger logger, LogLevel level, Exception? exception, string server, double wait, string problem);

    /// <summary>Logs one line. The stack trace is included if Debug is enabled.</summary>
    public static void ConnectionLost(this ILogger logger, LogLevel level, Exception exception, string server, double wait) =>
        logger.ConnectionLost(level, AtDebug(logger, exception), server, wait, exception.Message);

    [LoggerMessage(3003, LogLevel.Error, "{Server} sent an invalid message: {Problem} The connection is closed.")]
    public static partial void NotUnderstood(this ILogger logger, string server, string problem);

    [LoggerMessage(3004, LogLevel.Information, "{Server} has a quorum. The client leaves the read-only server.")]
    public static partial void QuorumFound(this ILogger logger, string server);

    [LoggerMessage(3100, LogLevel.Information, "Session 0x{Session:x} opened on {Server}, timeout {Timeout} ms.")]
    public static partial void SessionMade(this ILogger logger, long session, string server, double timeout);

    [LoggerMessage(3101, LogLevel.Information, "Session 0x{Session:x} resumed on {Server}, timeout {Timeout} ms.")]
    public static partial void SessionResumed(this ILogger logger, long session, string server, double timeout);

    [LoggerMessage(3102, LogLevel.Warning, "Session 0x{Session:x} has expired.")]
    public static partial void SessionExpired(this ILogger logger, long session);

    [LoggerMessage(
        3103,
        LogLevel.Error,
        "All servers refuse the client's identity, most recently {Server}: {Problem} The next attempt is in {Wait} s.")]
    public static partial void AuthenticationFailed(this ILogger logger, string server, string problem, double wait);

    [LoggerMessage(3104, LogLevel.Information, "Session 0x{Session:x} closed.")]
    public static partial void SessionClosed(this ILogger logger, long session);

    [LoggerMessage(
        3105,
        LogLevel.Warning,
        "Session 0x{Session:x} could not be closed on the server and ends after its timeout: {Reason}")]
    private static partial void SessionLeft(this ILogger logger, Exception? exception, long session, string reason);

    /// <summary>Logs one line. The stack trace is included if Debug is enabled.</summary>
    public static void SessionLeft(this ILogger logger, Exception exception, long session) =>
        logger.SessionLeft(AtDebug(logger, exception), session, exception.Message);

    [LoggerMessage(3106, LogLevel.Critical, "The client stopped because of an internal error.")]
    public static partial void Stopped(this ILogger logger, Exception exception);

    [LoggerMessage(
        3107,
        LogLevel.Error,
        "Session 0x{Session:x} is given up: {Seen}. The ensemble was wiped, restored from an older copy or replaced, or the connection "
        + "string names another one. If servers refuse for long and do not report their status, there may also be no quorum, too many "
        + "connections of this machine (maxClientCnxns), a proxy in between, or srvr missing in 4lw.commands.whitelist.")]
    public static partial void SessionGivenUp(this ILogger logger, long session, string seen);

    [LoggerMessage(
        3108,
        LogLevel.Error,
        "The chroot {Chroot} of the connection string does not exist. Create it, or set CreateChroot to true.")]
    public static partial void ChrootMissing(this ILogger logger, string chroot);

    [LoggerMessage(3109, LogLevel.Information, "The chroot {Chroot} of the connection string did not exist and was created.")]
    public static partial void ChrootCreated(this ILogger logger, string chroot);

    [LoggerMessage(3110, LogLevel.Warning, "The chroot {Chroot} of the connection string could not be read or created: {Reason}")]
    private static partial void ChrootFailed(this ILogger logger, Exception? exception, string chroot, string reason);

    /// <summary>Logs one line. The stack trace is included if Debug is enabled.</summary>
    public static void ChrootFailed(this ILogger logger, Exception exception, string chroot) =>
        logger.ChrootFailed(AtDebug(logger, exception), chroot, exception.Message);

    [LoggerMessage(3200, LogLevel.Error, "The handler of a watch threw an exception on {Event}.")]
    public static partial void HandlerFailed(this ILogger logger, Exception exception, WatchEventType @event);

    [LoggerMessage(
        3201,
        LogLevel.Warning,
        "{Count} handlers of watches took longer than {Grace} ms (WatchHandlerGrace). Results no longer wait for them.")]
    public static partial void HandlersOvertaken(this ILogger logger, int count, double grace);

    [LoggerMessage(3202, LogLevel.Debug, "{Count} watches were set again in {Requests} requests.")]
    public static partial void WatchesRearmed(this ILogger logger, int count, int requests);

    [LoggerMessage(3203, LogLevel.Error, "{Server} refused to set the watches again ({Code}). The connection is closed.")]
    public static partial void RearmRefused(this ILogger logger, string server, ZooKeeperErrorCode code);

    // The stack trace of a failure that repeats hides other events.
    private static Exception? AtDebug(ILogger logger, Exception? exception) => logger.IsEnabled(LogLevel.Debug) ? exception : null;
}
