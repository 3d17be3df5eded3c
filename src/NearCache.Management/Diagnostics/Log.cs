#pragma warning disable CA1873   // The message of an exception is cheap, and these events are rare.

using Microsoft.Extensions.Logging;

namespace NearCache.Management.Diagnostics;

/// <summary>All log events of the console. Ids and names never change.</summary>
/// <remarks>4000–4009 start, 4010–4019 readings, 4020–4029 viewers, 4030–4039 storage, 4040–4049 audit.</remarks>
internal static partial class Log
{
    [LoggerMessage(4000, LogLevel.Information, "The console of NearCache is at {Path}, for {Contexts}. Policy for viewing: {Policy}.")]
    public static partial void Mapped(this ILogger logger, string path, string contexts, string policy);

    [LoggerMessage(
        4001,
        LogLevel.Warning,
        "The console of NearCache at {Path} has no policy and is open without sign-in, because this is the Development environment: to "
            + "requests of this machine only, and for viewing only. Elsewhere the application does not start without "
            + "NearCacheConsoleOptions.ViewPolicy.")]
    public static partial void Open(this ILogger logger, string path);

    [LoggerMessage(4010, LogLevel.Warning, "The fleet {Context} cannot be read: {Reason}")]
    public static partial void ContextUnread(this ILogger logger, string context, string reason);

    [LoggerMessage(4011, LogLevel.Information, "The fleet {Context} is read again.")]
    public static partial void ContextRead(this ILogger logger, string context);

    [LoggerMessage(4012, LogLevel.Error, "The fleet {Context} cannot be judged because of a defect.")]
    public static partial void CollectorFailed(this ILogger logger, Exception exception, string context);

    [LoggerMessage(4013, LogLevel.Error, "The request {Method} {Route} failed because of a defect.")]
    public static partial void RequestFailed(this ILogger logger, Exception exception, string method, string route);

    [LoggerMessage(4014, LogLevel.Warning, "No user can sign in to the console: {Reason}")]
    public static partial void SignInFailed(this ILogger logger, string reason);

    [LoggerMessage(4020, LogLevel.Information, "A viewer of {Context} was dropped because it does not read what it is sent.")]
    public static partial void ViewerDropped(this ILogger logger, string context);

    [LoggerMessage(4030, LogLevel.Warning, "The history in {Folder} is not stored, or not whole, until that succeeds again: {Reason}")]
    public static partial void StorageFailed(this ILogger logger, string folder, string reason);

    [LoggerMessage(4040, LogLevel.Information, "{Line}")]
    public static partial void Audited(this ILogger logger, string line);

    [LoggerMessage(4041, LogLevel.Warning, "{Line}")]
    public static partial void Refused(this ILogger logger, string line);
}
