namespace NearCache.ZooKeeper;

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
