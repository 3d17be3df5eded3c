namespace NearCache.ZooKeeper.Diagnostics;

/// <summary>The words of <c>error.type</c>.</summary>
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

    /// <summary>What a server answered. A few words; all that is rare is one.</summary>
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
