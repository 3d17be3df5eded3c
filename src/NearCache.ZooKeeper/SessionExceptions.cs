namespace NearCache.ZooKeeper;

/// <summary>The session has expired: its ephemeral nodes and watches are gone.</summary>
/// <remarks>Transient if the client takes a new session by itself (<see cref="ZooKeeperOptions.RenewSession"/>).</remarks>
public sealed class SessionExpiredException : ZooKeeperException
{
    internal SessionExpiredException(string message, string? path, bool isTransient, bool isOutcomeUnknown, bool isGivenUp)
        : base(
            message,
            ZooKeeperErrorCode.SessionExpired,
            path) => (IsTransient, IsOutcomeUnknown, IsGivenUp) = (isTransient, isOutcomeUnknown, isGivenUp);

    /// <summary>
    /// The client gave the session up because the ensemble was wiped, restored from an older copy or replaced: zxids and versions of before
    /// mean nothing any more.
    /// </summary>
    public bool IsGivenUp { get; }
}

/// <summary>The client was disposed while the operation was under way.</summary>
public sealed class ClientClosedException : ZooKeeperException
{
    internal ClientClosedException(string message, string? path, bool isOutcomeUnknown)
        : base(message, ZooKeeperErrorCode.ConnectionLoss, path) => IsOutcomeUnknown = isOutcomeUnknown;
}
