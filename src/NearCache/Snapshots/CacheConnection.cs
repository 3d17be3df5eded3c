namespace NearCache;

/// <summary>One TCP connection of a cache, as both of its ends see it. Caches of a process with equal server settings share it.</summary>
public sealed record CacheConnection
{
    /// <summary>Gets the service at the other end.</summary>
    public required CacheConnectionKind Kind { get; init; }

    /// <summary>Gets the server, as configured.</summary>
    public required string Server { get; init; }

    /// <summary>
    /// Gets the local address, which the server sees as the client's unless a gateway translates it; null for a Unix domain socket.
    /// </summary>
    public required string? LocalAddress { get; init; }

    /// <summary>Gets the local port; 0 for a Unix domain socket.</summary>
    public required int LocalPort { get; init; }

    /// <summary>Gets the address and port of the server that was chosen among those of its name.</summary>
    public string? RemoteEndPoint { get; init; }

    /// <summary>Gets the state of the connection.</summary>
    public required CacheConnectionState State { get; init; }

    /// <summary>Gets the time at which the connection was opened, by the clock of this machine.</summary>
    public required DateTimeOffset OpenedAt { get; init; }

    /// <summary>Gets the time since the connection was opened.</summary>
    public required TimeSpan Age { get; init; }

    /// <summary>Gets the number of commands that were answered on it.</summary>
    public required long Operations { get; init; }

    /// <summary>Gets the number of bytes sent on it.</summary>
    public required long BytesSent { get; init; }

    /// <summary>Gets the number of bytes received on it.</summary>
    public required long BytesReceived { get; init; }
}

/// <summary>Specifies the service that a connection of a cache leads to.</summary>
public enum CacheConnectionKind
{
    /// <summary>A memcached server.</summary>
    Memcached,

    /// <summary>A server of the ZooKeeper ensemble.</summary>
    ZooKeeper,

    /// <summary>A message broker.</summary>
    Broker,
}

/// <summary>Specifies the state of a connection of a cache.</summary>
public enum CacheConnectionState
{
    /// <summary>The socket is connected, and the server has not replied yet.</summary>
    Connecting,

    /// <summary>The connection is in use.</summary>
    Open,

    /// <summary>The connection is closed when the commands in flight are answered.</summary>
    Closing,
}
