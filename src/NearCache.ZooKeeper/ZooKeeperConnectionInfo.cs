using System.Net;

namespace NearCache.ZooKeeper;

/// <summary>Describes the connection of a session at the time of the call.</summary>
public sealed record ZooKeeperConnectionInfo
{
    /// <summary>Gets the server, as written in the connection string.</summary>
    public required string Server { get; init; }

    /// <summary>Gets the local address and port, which the server lists in its reply to <c>cons</c>.</summary>
    public required EndPoint? Local { get; init; }

    /// <summary>Gets the server's address.</summary>
    public required EndPoint? Remote { get; init; }

    /// <summary>Gets the time since the connection was established.</summary>
    public required TimeSpan Age { get; init; }

    /// <summary>Gets the number of messages received: replies and notifications.</summary>
    public required long Operations { get; init; }

    /// <summary>Gets the number of bytes sent.</summary>
    public required long BytesSent { get; init; }

    /// <summary>Gets the number of bytes received.</summary>
    public required long BytesReceived { get; init; }
}
