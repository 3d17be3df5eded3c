using System.Net;

namespace NearCache.Memcached;

/// <summary>One of this client's connections, as it was when it was asked for.</summary>
public sealed record MemcachedConnectionInfo
{
    /// <summary>
    /// Different for every connection that this process has made: a connection that was replaced never has the id of its successor.
    /// </summary>
    public required long Id { get; init; }

    /// <summary>The server's name as configured.</summary>
    public required string Server { get; init; }

    /// <summary>
    /// Our address and port: what the server lists under <c>addr</c> in <c>stats conns</c>. Null for a Unix domain socket.
    /// </summary>
    public required EndPoint? Local { get; init; }

    /// <summary>The server's address.</summary>
    public required EndPoint? Remote { get; init; }

    /// <summary>Since it was made.</summary>
    public required TimeSpan Age { get; init; }

    /// <summary>Commands answered so far.</summary>
    public required long Operations { get; init; }

    /// <summary>Commands that wait for their replies now.</summary>
    public required int InFlight { get; init; }

    /// <summary>Bytes sent so far.</summary>
    public required long BytesSent { get; init; }

    /// <summary>Bytes received so far.</summary>
    public required long BytesReceived { get; init; }
}
