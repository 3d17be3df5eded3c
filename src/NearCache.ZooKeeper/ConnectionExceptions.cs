namespace NearCache.ZooKeeper;

/// <summary>The connection was lost before the answer came. Of a change that had been sent, nobody knows whether it happened.</summary>
public sealed class ConnectionLossException : ZooKeeperException
{
    internal ConnectionLossException(string message, string? path, bool isOutcomeUnknown, Exception? inner)
        : base(message, ZooKeeperErrorCode.ConnectionLoss, path, inner) => (IsTransient, IsOutcomeUnknown) = (true, isOutcomeUnknown);
}

/// <summary>
/// No answer within <see cref="ZooKeeperOptions.RequestTimeout"/>. Of a change that had been sent, nobody knows whether it happened.
/// </summary>
public sealed class RequestTimeoutException : ZooKeeperException
{
    internal RequestTimeoutException(string message, string? path, bool isOutcomeUnknown, Exception? inner)
        : base(message, ZooKeeperErrorCode.OperationTimeout, path, inner) => (IsTransient, IsOutcomeUnknown) = (true, isOutcomeUnknown);
}

/// <summary>More operations wait than <see cref="ZooKeeperOptions.MaxWaitingRequests"/>. This one was not sent.</summary>
public sealed class TooManyRequestsException : ZooKeeperException
{
    internal TooManyRequestsException(string message, string? path)
        : base(message, ZooKeeperErrorCode.OperationTimeout, path) => IsTransient = true;
}

/// <summary>
/// A request, or the reply to it, is longer than <see cref="ZooKeeperOptions.MaxMessageBytes"/>. Such a request was not sent.
/// </summary>
public sealed class MessageTooLargeException : ZooKeeperException
{
    internal MessageTooLargeException(string message, string? path, bool isOutcomeUnknown = false)
        : base(message, ZooKeeperErrorCode.MarshallingError, path) => IsOutcomeUnknown = isOutcomeUnknown;
}
