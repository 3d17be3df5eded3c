namespace NearCache.Memcached.Diagnostics;

/// <summary>The values of <c>error.type</c>.</summary>
internal static class ErrorTypes
{
    /// <summary>The server replied with an error that concerns this command.</summary>
    public const string ServerError = "server_error";

    public static string Of(Exception exception) => exception switch
    {
        MemcachedTimeoutException => "timeout",
        MemcachedConnectionLostException => "lost",
        MemcachedServerDownException => "down",
        MemcachedServerFullException => "full",
        MemcachedOverloadException => "overload",
        MemcachedAuthenticationException => "authentication",
        MemcachedServerTooOldException => "version",
        MemcachedProtocolException => "protocol",
        MemcachedServerRemovedException => "removed",
        MemcachedServerErrorException => ServerError,
        OperationCanceledException => "canceled",
        ObjectDisposedException => "closed",
        _ => exception.GetType().FullName!,
    };
}
