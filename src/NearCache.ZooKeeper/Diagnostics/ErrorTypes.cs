namespace NearCache.ZooKeeper.Diagnostics;

/// <summary>Maps failures to the values of the tag <c>error.type</c>.</summary>
internal static class ErrorTypes
{
    public static string Of(Exception exception) => exception switch
    {
        RequestTimeoutException => "timeout",
        ConnectionLossException => "lost",
        SessionExpiredException => "expired",
        TooManyRequestsException => "overload",
        MessageTooLargeException => "too_large",
        AuthenticationFailedException => "authentication",
        ClientClosedException or ObjectDisposedException => "closed",
        OperationCanceledException => "canceled",
        ZooKeeperException e => Of(e.Code),
        _ => exception.GetType().FullName!,
    };

    /// <summary>Returns the value for an error reply. Rare codes share one value.</summary>
    public static string Of(ZooKeeperErrorCode code) => code switch
    {
        ZooKeeperErrorCode.NoNode => "no_node",
        ZooKeeperErrorCode.NodeExists => "node_exists",
        ZooKeeperErrorCode.BadVersion => "bad_version",
        ZooKeeperErrorCode.NotEmpty => "not_empty",
        ZooKeeperErrorCode.NoAuth => "no_auth",
        _ => "server_error",
    };
}
