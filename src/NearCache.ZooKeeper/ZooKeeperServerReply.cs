namespace NearCache.ZooKeeper;

/// <summary>The reply of one server to a four-letter word; see <see cref="ZooKeeperClient.QueryServersAsync"/>.</summary>
public sealed record ZooKeeperServerReply
{
    /// <summary>Gets the server as configured, with its port.</summary>
    public required string Server { get; init; }

    /// <summary>Gets the reply; null if there is none.</summary>
    public required string? Text { get; init; }

    /// <summary>
    /// Gets why there is no reply: the server is not reached, does not reply, or does not permit the word. Null if there is a reply.
    /// </summary>
    public required string? Problem { get; init; }
}
