namespace NearCache.ZooKeeper;

/// <summary>How a client stands to its servers.</summary>
public enum ZooKeeperState
{
    /// <summary>There is no connection, and one is sought. The session may live; operations wait.</summary>
    Connecting = 0,

    /// <summary>Operations are answered.</summary>
    Connected = 1,

    /// <summary>Reads are answered by a server without a quorum; a server that can write is sought.</summary>
    ConnectedReadOnly = 2,

    /// <summary>
    /// The session has expired, or the client gave it up: its ephemeral nodes and watches are gone. See
    /// <see cref="ZooKeeperOptions.RenewSession"/>.
    /// </summary>
    /// <remarks>
    /// A session is given up (<see cref="SessionExpiredException.IsGivenUp"/>) when most servers serve and know less than the client has
    /// seen, or refuse it for more than 10 minutes without a word: the ensemble was wiped, restored from an older copy or replaced. A lost
    /// quorum ends no session.
    /// </remarks>
    Expired = 3,

    /// <summary>
    /// All servers refuse the identity. Operations fail at once; the client tries again after a minute, and after pauses of up to ten.
    /// </summary>
    AuthenticationFailed = 4,

    /// <summary>The client was disposed.</summary>
    Closed = 5,
}
