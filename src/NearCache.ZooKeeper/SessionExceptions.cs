namespace NearCache.ZooKeeper;

/// <summary>The exception that is thrown when the session has expired. Its ephemeral nodes and watches no longer exist.</summary>
/// <remarks>Transient if the client opens a new session by itself (<see cref="ZooKeeperOptions.RenewSession"/>).</remarks>
public sealed class SessionExpiredException : ZooKeeperException
{
    internal SessionExpiredException(string message, string? path, bool isTransient, bool isOutcomeUnknown, bool isGivenUp)
        : base(
            message,
            ZooKeeperErrorCode.SessionExpired,
            path) => (IsTransient, IsOutcomeUnknown, IsGivenUp) = (isTransient, isOutcomeUnknown, isGivenUp);

    /// <summary>
    /// Gets a value that indicates whether the client gave the session up because the ensemble was wiped, restored from an older copy or
    /// replaced. Zxids and versions read before are then invalid.
    /// </summary>
    public bool IsGivenUp { get; }
}

/// <summary>The exception that is thrown when the client is disposed while the operation is in flight.</summary>
public sealed class ClientClosedException : ZooKeeperException
{
    internal ClientClosedException(string message, string? path, bool isOutcomeUnknown)
        : base(message, ZooKeeperErrorCode.ConnectionLoss, path) => IsOutcomeUnknown = isOutcomeUnknown;
}
