using NearCache.ZooKeeper.Protocol;

namespace NearCache.ZooKeeper;

/// <summary>
/// Creates the exceptions of the client. A message names the operation, the server, and the setting that would change the outcome.
/// </summary>
internal static class ExceptionFactory
{
    // Why no server opens a session.
    private const string RollbackCauses = "the ensemble was wiped, restored from an older copy or replaced, "
        + "or the connection string names another one. If servers do not report their status, "
        + "there may also be no quorum, too many connections of this machine (maxClientCnxns), "
        + "or a proxy that closes them";

    /// <summary>Returns the exception for an error reply.</summary>
    public static ZooKeeperException ForErrorReply(
        ZooKeeperErrorCode code, OperationCode operation, string? path, string server, bool isWrite)
    {
        var prefix = $"{operation} on {server} failed: ";
        return code switch
        {
            ZooKeeperErrorCode.NoNode => new NoNodeException(
                prefix + (IsCreate(operation) ? "the parent does not exist." : "the node does not exist."), path),
            ZooKeeperErrorCode.NodeExists => new NodeExistsException(prefix + "the node already exists.", path),
            ZooKeeperErrorCode.BadVersion => new BadVersionException(prefix + "the node has another version.", path),
            ZooKeeperErrorCode.NotEmpty => new NotEmptyException(prefix + "the node has children.", path),
            ZooKeeperErrorCode.NoChildrenForEphemerals => new NoChildrenForEphemeralsException(prefix + "the parent is ephemeral.", path),
            ZooKeeperErrorCode.NoWatcher => new NoWatcherException(prefix + "the watch does not exist.", path),
            ZooKeeperErrorCode.QuotaExceeded => new QuotaExceededException(prefix + "a quota would be exceeded.", path),
            ZooKeeperErrorCode.NoAuth => new NoAuthException(
                prefix + $"the access rights of the node forbid it (see {nameof(ZooKeeperOptions.Authentications)}).", path),
            ZooKeeperErrorCode.InvalidAcl => new InvalidAclException(prefix + "the access rights are invalid.", path),
            ZooKeeperErrorCode.AuthFailed or ZooKeeperErrorCode.SessionClosedRequireAuth => AuthenticationFailed(code, server, path),
            ZooKeeperErrorCode.NotReadOnly => new ReadOnlyServerException(
                prefix + $"the server has no quorum and serves reads only (see {nameof(ZooKeeperOptions.AllowReadOnly)}).", path),
            ZooKeeperErrorCode.SessionExpired => new SessionExpiredException(
                prefix + "the session has expired.", path, isTransient: false, isOutcomeUnknown: false, isGivenUp: false),
            ZooKeeperErrorCode.ConnectionLoss => new ConnectionLossException(
                prefix + "the server lost its connection to another server.", path, isWrite, null),
            _ => new RequestRefusedException(
                prefix + $"the server replied {Name(code)}.", code, path, IsTransient(code), isWrite && IsUndetermined(code)),
        };
    }

    public static AuthenticationFailedException AuthenticationFailed(ZooKeeperErrorCode code, string server, string? path = null)
    {
        var settings = $"{nameof(ZooKeeperOptions.Authentications)} and {nameof(ZooKeeperOptions.Sasl)}";
        return new AuthenticationFailedException($"{server} refuses the client's identity ({Name(code)}); see {settings}.", code, path);
    }

    public static ConnectionLossException ConnectionLost(
        OperationCode operation, string? path, string server, bool isWrite, Exception? reason)
    {
        var outcome = isWrite ? ", so the outcome is unknown" : "";
        return new ConnectionLossException(
            $"{operation}: the connection to {server} was lost before the reply came{outcome}. {Explain(reason)}", path, isWrite, reason);
    }

    public static RequestTimeoutException TimedOut(
        OperationCode operation, string? path, TimeSpan timeout, string server, bool wasSent, bool isWrite, Exception? reason)
    {
        var limit = $"within {timeout.TotalMilliseconds:0} ms ({nameof(ZooKeeperOptions.RequestTimeout)}).";
        var message = wasSent
            ? $"{operation}: no reply from {server} {limit}{(isWrite ? " The outcome is unknown." : "")}"
            : $"{operation}: not sent, because no connection was established {limit} {Explain(reason)}";
        return new RequestTimeoutException(message, path, wasSent && isWrite, reason);
    }

    public static TooManyRequestsException QueueFull(OperationCode operation, string? path, int max) =>
        new($"{operation}: not sent, because {max} requests already wait ({nameof(ZooKeeperOptions.MaxWaitingRequests)}).", path);

    public static MessageTooLargeException RequestTooLarge(OperationCode operation, string? path, int length, int max) => new(
        $"{operation}: not sent, because the request has {length} bytes and the limit is {max} "
        + $"({nameof(ZooKeeperOptions.MaxMessageBytes)}; jute.maxbuffer of the servers must allow it too).",
        path);

    public static MessageTooLargeException ReplyTooLarge(
        OperationCode operation, string? path, string server, int length, int max, bool isWrite) => new(
        $"{operation}: the reply of {server} has {length} bytes and the limit is {max} ({nameof(ZooKeeperOptions.MaxMessageBytes)}).",
        path,
        isWrite);

    /// <summary>Returns the exception for a request of a session that has ended.</summary>
    /// <param name="operation">The operation.</param>
    /// <param name="path">The path of its node.</param>
    /// <param name="renews">Whether the client opens a new session by itself.</param>
    /// <param name="isOutcomeUnknown">Whether the operation may have taken effect.</param>
    /// <param name="givenUp">The evidence because of which the client gave the session up; null if the servers ended it.</param>
    public static SessionExpiredException SessionExpired(
        OperationCode operation, string? path, bool renews, bool isOutcomeUnknown, string? givenUp = null)
    {
        var what = givenUp is null ? "has expired" : $"was given up, because {givenUp}: {RollbackCauses}";
        var remedy = renews ? "" : $"; {nameof(ZooKeeperOptions.RenewSession)} or RenewSessionAsync opens a new one";
        var message = $"{operation}: the session {what}{remedy}.";
        return new SessionExpiredException(message, path, isTransient: renews, isOutcomeUnknown, isGivenUp: givenUp is not null);
    }

    public static ClientClosedException ClientClosed(OperationCode operation, string? path, bool isOutcomeUnknown) =>
        new($"{operation}: the client was disposed before the reply came.", path, isOutcomeUnknown);

    /// <summary>Returns the exception for a multi reply, or null if every operation succeeded.</summary>
    public static ZooKeeperException? FindMultiFailure(IReadOnlyList<MultiOperation> operations, IReadOnlyList<MultiResult> results)
    {
        for (var i = 0; i < results.Count; i++)
        {
            if (results[i].Error is not (ZooKeeperErrorCode.Ok or ZooKeeperErrorCode.RuntimeInconsistency) and var error)
            {
                var (path, code) = i < operations.Count ? (operations[i].Path, operations[i].Code) : (null, OperationCode.Error);
                return new MultiFailedException(
                    $"Multi failed at operation {i}, {code}: {Name(error)}. No operation took effect.", error, path, i, results);
            }
        }

        return null;
    }

    // The messages of all inner exceptions: the outer one reports that TLS failed, an inner one the reason.
    private static string Explain(Exception? reason)
    {
        var message = "";
        for (; reason is not null; reason = reason.InnerException)
        {
            message += message.Contains(reason.Message, StringComparison.Ordinal) ? "" : $" {reason.Message}";
        }

        return message.TrimStart();
    }

    private static string Name(ZooKeeperErrorCode code) => Enum.IsDefined(code) ? $"{code}" : $"the unknown code {(int)code}";

    private static bool IsCreate(OperationCode operation) =>
        operation is OperationCode.Create2 or OperationCode.CreateContainer or OperationCode.CreateTtl;

    private static bool IsTransient(ZooKeeperErrorCode code) => code is ZooKeeperErrorCode.Throttled
        or ZooKeeperErrorCode.SessionMoved
        or ZooKeeperErrorCode.RequestTimeout
        or ZooKeeperErrorCode.OperationTimeout
        or ZooKeeperErrorCode.ReconfigInProgress;

    // Codes after which a write may have taken effect: the server stopped half-way, or the code is unknown.
    private static bool IsUndetermined(ZooKeeperErrorCode code) => !Enum.IsDefined(code)
        || code is ZooKeeperErrorCode.SystemError
            or ZooKeeperErrorCode.RequestTimeout
            or ZooKeeperErrorCode.OperationTimeout
            or ZooKeeperErrorCode.SessionMoved;
}
