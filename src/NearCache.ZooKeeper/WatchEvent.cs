namespace NearCache.ZooKeeper;

/// <summary>What a watch was told. There is no data in it: read again.</summary>
/// <param name="Type">What happened.</param>
/// <param name="Path">To which node; for a recursive watch it may lie below the watched one.</param>
/// <param name="Zxid">The transaction, from servers since 3.9; -1 from older ones, which do not tell.</param>
public readonly record struct WatchEvent(WatchEventType Type, string Path, long Zxid = -1)
{
    /// <summary>The watch is gone without having fired.</summary>
    public bool IsFinal => Type is WatchEventType.SessionLost or WatchEventType.Closed;
}

/// <summary>What a watch saw. Positive values are those of the protocol; a newer server may send others.</summary>
public enum WatchEventType
{
    /// <summary>The client object was disposed: the watch is gone.</summary>
    Closed = -3,

    /// <summary>The session is lost, and with it the watch: it will never fire again. Set it anew in a new session.</summary>
    SessionLost = -2,

    /// <summary>
    /// Persistent watches only: the connection was replaced. The watch is set again, but what happened in between is not told: read again.
    /// </summary>
    Interrupted = -1,

    /// <summary>The node was made.</summary>
    Created = 1,

    /// <summary>The node was deleted.</summary>
    Deleted = 2,

    /// <summary>The data were written, whether or not they differ.</summary>
    DataChanged = 3,

    /// <summary>A child was added or removed.</summary>
    ChildrenChanged = 4,
}
