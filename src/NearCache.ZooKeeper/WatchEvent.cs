namespace NearCache.ZooKeeper;

/// <summary>Represents an event that a watch reports. It carries no data: read the node again.</summary>
public readonly record struct WatchEvent
{
    /// <summary>Initializes an event whose transaction is unknown.</summary>
    public WatchEvent()
    {
    }

    /// <summary>Gets the type of the event.</summary>
    public required WatchEventType Type { get; init; }

    /// <summary>Gets the path of the node. For a recursive watch it may lie below the watched node.</summary>
    public required string Path { get; init; }

    /// <summary>Gets the transaction that changed the node. Servers report it since 3.9.</summary>
    /// <value>-1 if the server did not report it.</value>
    public long Zxid { get; init; } = -1;

    /// <summary>Gets a value that indicates whether the watch ended without firing.</summary>
    public bool IsFinal => Type is WatchEventType.SessionLost or WatchEventType.Closed;
}

/// <summary>Specifies what a watch reports. Positive values are those of the protocol; a newer server may send others.</summary>
public enum WatchEventType
{
    /// <summary>The client was disposed. The watch does not fire any more.</summary>
    Closed = -3,

    /// <summary>The session ended. The watch does not fire any more; set it again in a new session.</summary>
    SessionLost = -2,

    /// <summary>
    /// The connection was replaced. Persistent watches only: the watch is set again, but changes in between are not reported. Read again.
    /// </summary>
    Interrupted = -1,

    /// <summary>The node was created.</summary>
    Created = 1,

    /// <summary>The node was deleted.</summary>
    Deleted = 2,

    /// <summary>The data were written, whether or not they differ from before.</summary>
    DataChanged = 3,

    /// <summary>A child was added or removed.</summary>
    ChildrenChanged = 4,
}
