namespace NearCache.ZooKeeper;

/// <summary>
/// The exception that is thrown when the connection was lost before the reply came. The outcome of a write that was sent is unknown.
/// </summary>
public sealed class ConnectionLossException : ZooKeeperException
{
    internal ConnectionLossException(string message, string? path, bool isOutcomeUnknown, Exception? inner)
        : base(message, ZooKeeperErrorCode.ConnectionLoss, path, inner) => (IsTransient, IsOutcomeUnknown) = (true, isOutcomeUnknown);
}

/// <summary>
/// The exception that is thrown when no reply came within <see cref="ZooKeeperOptions.RequestTimeout"/>. The outcome of a write that was
/// sent is unknown.
/// </summary>
public sealed class RequestTimeoutException : ZooKeeperException
{
    internal RequestTimeoutException(string message, string? path, bool isOutcomeUnknown, Exception? inner)
        : base(message, ZooKeeperErrorCode.OperationTimeout, path, inner) => (IsTransient, IsOutcomeUnknown) = (true, isOutcomeUnknown);
}

/// <summary>
/// The exception that is thrown when <see cref="ZooKeeperOptions.MaxWaitingRequests"/> requests already wait. The request was not sent.
/// </summary>
public sealed class TooManyRequestsException : ZooKeeperException
{
    internal TooManyRequestsException(string message, string? path)
        : base(message, ZooKeeperErrorCode.OperationTimeout, path) => IsTransient = true;
}

/// <summary>
/// The exception that is thrown when a request or its reply is longer than <see cref="ZooKeeperOptions.MaxMessageBytes"/>. A request that
/// is too long was not sent.
/// </summary>
public sealed class MessageTooLargeException : ZooKeeperException
{
    internal MessageTooLargeException(string message, string? path, bool isOutcomeUnknown = false)
        : base(message, ZooKeeperErrorCode.MarshallingError, path) => IsOutcomeUnknown = isOutcomeUnknown;
}
