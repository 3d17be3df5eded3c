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

/// <summary>A client has come into a state.</summary>
/// <param name="State">Which.</param>
/// <param name="SessionId">The session's id: of the one that was lost, if the state is Expired; 0 before the first.</param>
/// <param name="IsNewSession">Connected only: the session is new, not taken over. Nothing of an earlier one is left.</param>
/// <param name="Server">The server that this is about, as written in the connection string; null if about none.</param>
/// <param name="Reason">What went wrong, if something did.</param>
public sealed record ZooKeeperStateChange(ZooKeeperState State, long SessionId, bool IsNewSession, string? Server, Exception? Reason);
