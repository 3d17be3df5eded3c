using System.Net;

namespace NearCache.Memcached;

/// <summary>Describes one of the client's connections at the time of the call.</summary>
public sealed record MemcachedConnectionInfo
{
    /// <summary>
    /// Gets the id, which is unique among all connections of this process: a replaced connection and its successor have different ids.
    /// </summary>
    public required long Id { get; init; }

    /// <summary>Gets the server's name as configured.</summary>
    public required string Server { get; init; }

    /// <summary>
    /// Gets the local address and port, which the server lists under <c>addr</c> in <c>stats conns</c>. Null for a Unix domain socket.
    /// </summary>
    public required EndPoint? Local { get; init; }

    /// <summary>Gets the server's address.</summary>
    public required EndPoint? Remote { get; init; }

    /// <summary>Gets the state of the connection.</summary>
    public required MemcachedConnectionState State { get; init; }

    /// <summary>Gets the time since the connection was created.</summary>
    public required TimeSpan Age { get; init; }

    /// <summary>Gets the number of commands answered.</summary>
    public required long Operations { get; init; }

    /// <summary>Gets the number of commands in flight.</summary>
    public required int InFlight { get; init; }

    /// <summary>Gets the number of bytes sent.</summary>
    public required long BytesSent { get; init; }

    /// <summary>Gets the number of bytes received.</summary>
    public required long BytesReceived { get; init; }
}

/// <summary>Specifies the state of a connection.</summary>
public enum MemcachedConnectionState
{
    /// <summary>The socket is connected, and the server has not replied to the first command.</summary>
    Connecting,

    /// <summary>The connection carries commands.</summary>
    Open,

    /// <summary>The connection takes no further commands, and is closed when those in flight are answered.</summary>
    Closing,
}
