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

    /// <summary>The session has expired: its ephemeral nodes and watches are gone. See <see cref="ZooKeeperOptions.RenewSession"/>.</summary>
    Expired = 3,

    /// <summary>The servers refuse the identity. The client tries no further.</summary>
    AuthenticationFailed = 4,

    /// <summary>The client was disposed.</summary>
    Closed = 5,
}
