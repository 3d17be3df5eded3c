using NearCache.ZooKeeper.Protocol;

namespace NearCache.ZooKeeper;

/// <summary>Makes the exceptions: the message names the operation, the server, and the setting that would change it.</summary>
internal static class ExceptionFactory
{
    // Of a session that no server opens.
    private const string Causes = "the ensemble was wiped, restored from an older copy or replaced, or the connection string leads to another one; or, where servers cannot be asked, "
        + "there is no quorum, there are too many connections of this machine (maxClientCnxns), or a proxy closes them";

    /// <summary>For an error that a server answered.</summary>
    public static ZooKeeperException ForErrorReply(ZooKeeperErrorCode code, OperationCode operation, string? path, string server, bool isWrite)
    {
        var what = $"{operation} on {server} failed: ";
        return code switch
        {
            ZooKeeperErrorCode.NoNode => new NoNodeException(
                what + (
                    operation is OperationCode.Create2 or OperationCode.CreateContainer or OperationCode.CreateTtl
                        ? "the node has no parent."
                        : "there is no such node."), path),
            ZooKeeperErrorCode.NodeExists => new NodeExistsException(what + "the node exists.", path),
            ZooKeeperErrorCode.BadVersion => new BadVersionException(what + "the node has another version.", path),
            ZooKeeperErrorCode.NotEmpty => new NotEmptyException(what + "the node has children.", path),
            ZooKeeperErrorCode.NoChildrenForEphemerals => new NoChildrenForEphemeralsException(what + "the parent is ephemeral.", path),
            ZooKeeperErrorCode.NoWatcher => new NoWatcherException(what + "there is no such watch.", path),
            ZooKeeperErrorCode.QuotaExceeded => new QuotaExceededException(what + "a quota would be exceeded.", path),
            ZooKeeperErrorCode.NoAuth =>
                new NoAuthException(what + $"the access rights do not allow it (see {nameof(ZooKeeperOptions.Authentications)}).", path),
            ZooKeeperErrorCode.InvalidAcl => new InvalidAclException(what + "the access rights are not valid.", path),
            ZooKeeperErrorCode.AuthFailed or ZooKeeperErrorCode.SessionClosedRequireAuth => AuthenticationFailed(code, server, path),
            ZooKeeperErrorCode.NotReadOnly =>
                new ReadOnlyServerException(what + $"the server serves reads only (see {nameof(ZooKeeperOptions.AllowReadOnly)}).", path),
            ZooKeeperErrorCode.SessionExpired =>
                new SessionExpiredException(
                    what + "the session has expired.", path, isTransient: false, isOutcomeUnknown: false, isGivenUp: false),
            ZooKeeperErrorCode.ConnectionLoss =>
                new ConnectionLossException(what + "the server lost a connection of its own.", path, isWrite, null),
            _ =>
                new RequestRefusedException(
                    what + $"the server answered {Name(code)}.", code, path, IsTransient(code), isWrite && IsUndetermined(code)),
        };
    }

    public static AuthenticationFailedException AuthenticationFailed(ZooKeeperErrorCode code, string server, string? path = null) => new(
        $"{server} refuses the client's identity ({Name(code)}); see {nameof(ZooKeeperOptions.Authentications)} and {nameof(ZooKeeperOptions.Sasl)}.", code, path);

    public static ConnectionLossException ConnectionLost(
        OperationCode operation, string? path, string server, bool isWrite, Exception? reason) => new(
        $"{operation}: the connection to {server} was lost before the answer came{(isWrite ? ", so it is unknown whether it happened" : "")}. {Explain(reason)}",
        path, isWrite, reason);

    public static RequestTimeoutException TimedOut(
        OperationCode operation, string? path, TimeSpan timeout, string server, bool wasSent, bool isWrite, Exception? reason) => new(
        $"{operation}: {(wasSent ? $"no answer from {server}" : "not sent, for there was no connection,")} within {timeout.TotalMilliseconds:0} ms "
        + $"({nameof(ZooKeeperOptions.RequestTimeout)}).{(wasSent && isWrite ? " It is unknown whether it happened." : "")}{(wasSent ? "" : $" {Explain(reason)}")}",
        path, wasSent && isWrite, reason);

    public static TooManyRequestsException QueueFull(OperationCode operation, string? path, int most) =>
        new($"{operation}: not sent, for {most} requests wait already ({nameof(ZooKeeperOptions.MaxWaitingRequests)}).", path);

    public static MessageTooLargeException RequestTooLarge(OperationCode operation, string? path, int length, int most) => new(
        $"{operation}: not sent, for the request takes {length} bytes and {most} are allowed ({nameof(ZooKeeperOptions.MaxMessageBytes)}; the servers' jute.maxbuffer must allow them too).", path);

    public static MessageTooLargeException ReplyTooLarge(
        OperationCode operation, string? path, string server, int length, int most, bool isWrite) => new(
        $"{operation}: the reply of {server} takes {length} bytes and {most} are allowed ({nameof(ZooKeeperOptions.MaxMessageBytes)}).", path, isWrite);

    /// <param name="operation">The operation that fails.</param>
    /// <param name="path">Its node.</param>
    /// <param name="renews">The client takes a new session by itself.</param>
    /// <param name="isOutcomeUnknown">The operation may have happened.</param>
    /// <param name="givenUp">What was seen because of which the client gave the session up; null: the servers ended it.</param>
    public static SessionExpiredException SessionExpired(
        OperationCode operation, string? path, bool renews, bool isOutcomeUnknown, string? givenUp = null) => new(
        $"{operation}: the session {(givenUp is null ? "has expired" : $"was given up, for {givenUp}: {Causes}")}"
        + $"{(renews ? "" : $"; {nameof(ZooKeeperOptions.RenewSession)} or RenewSessionAsync gives the client a new one")}.", path, renews, isOutcomeUnknown, givenUp is not null);

    public static ClientClosedException ClientClosed(OperationCode operation, string? path, bool isOutcomeUnknown) =>
        new($"{operation}: the client was disposed before the answer came.", path, isOutcomeUnknown);

    public static ZooKeeperException? FindMultiFailure(IReadOnlyList<MultiOperation> operations, IReadOnlyList<MultiResult> results)
    {
        for (var i = 0; i < results.Count; i++)
        {
            if (results[i].Error is not (ZooKeeperErrorCode.Ok or ZooKeeperErrorCode.RuntimeInconsistency) and var error)
            {
                var (path, code) = i < operations.Count ? (operations[i].Path, operations[i].Code) : (null, OperationCode.Error);
                return new MultiFailedException(
                    $"Multi failed at part {i}, {code}: {Name(error)}. Nothing was changed.", error, path, i, results);
            }
        }

        return null;
    }

    // That authentication failed says the outer one; why, says the inner one.
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

    private static bool IsTransient(ZooKeeperErrorCode code) => code is ZooKeeperErrorCode.Throttled or ZooKeeperErrorCode.SessionMoved
        or ZooKeeperErrorCode.RequestTimeout or ZooKeeperErrorCode.OperationTimeout or ZooKeeperErrorCode.ReconfigInProgress;

    // The server gave up or broke half-way, or says what we do not understand.
    private static bool IsUndetermined(ZooKeeperErrorCode code) => code is ZooKeeperErrorCode.SystemError or ZooKeeperErrorCode.RequestTimeout
        or ZooKeeperErrorCode.OperationTimeout or ZooKeeperErrorCode.SessionMoved || !Enum.IsDefined(code);
}
