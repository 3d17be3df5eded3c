namespace NearCache.ZooKeeper;

/// <summary>Specifies the state of a client.</summary>
public enum ZooKeeperState
{
    /// <summary>The client has no connection and tries to establish one. The session may still exist; operations wait.</summary>
    Connecting = 0,

    /// <summary>The client is connected to a server that serves reads and writes.</summary>
    Connected = 1,

    /// <summary>
    /// The client is connected to a server without a quorum, which serves reads only. The client looks for a server that can write.
    /// </summary>
    ConnectedReadOnly = 2,

    /// <summary>
    /// The session has expired, or the client gave it up. Its ephemeral nodes and watches no longer exist. See
    /// <see cref="ZooKeeperOptions.RenewSession"/>.
    /// </summary>
    /// <remarks>
    /// The client gives a session up (<see cref="SessionExpiredException.IsGivenUp"/>) when most servers serve and know fewer transactions
    /// than the client has seen, or refuse the session for more than 10 minutes without a status. The ensemble was then wiped, restored
    /// from an older copy or replaced. A lost quorum ends no session.
    /// </remarks>
    Expired = 3,

    /// <summary>
    /// All servers refuse the identity of the client. Operations fail at once. The client tries again after about one minute, later after
    /// up to ten.
    /// </summary>
    AuthenticationFailed = 4,

    /// <summary>The client was disposed.</summary>
    Closed = 5,
}

/// <summary>Represents a change of a client's state.</summary>
public sealed record ZooKeeperStateChange
{
    /// <summary>Gets the new state.</summary>
    public required ZooKeeperState State { get; init; }

    /// <summary>Gets the id of the session. For <see cref="ZooKeeperState.Expired"/>, the id of the session that was lost.</summary>
    /// <value>0 before the first session.</value>
    public long SessionId { get; init; }

    /// <summary>
    /// Gets a value that indicates whether the session was created by this connection. Nothing of an earlier session exists any more. Set
    /// only for <see cref="ZooKeeperState.Connected"/> and <see cref="ZooKeeperState.ConnectedReadOnly"/>.
    /// </summary>
    public bool IsNewSession { get; init; }

    /// <summary>Gets the server that caused the change, as written in the connection string; null if no single server did.</summary>
    public string? Server { get; init; }

    /// <summary>Gets the error that caused the change; null if there was none.</summary>
    public Exception? Reason { get; init; }
}
