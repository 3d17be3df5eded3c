namespace NearCache.ZooKeeper;

/// <summary>What a watch is for.</summary>
public enum WatchKind
{
    /// <summary>A node's children: set by <c>GetChildrenAsync</c>.</summary>
    Children = 1,

    /// <summary>A node's data and existence: set by <c>GetDataAsync</c> and <c>ExistsAsync</c>.</summary>
    Data = 2,

    /// <summary>Everything, persistent watches included.</summary>
    Any = 3,
}

/// <summary>What a watch that stays is told about. Values are those of the protocol.</summary>
public enum PersistentWatchMode
{
    /// <summary>The node: made, deleted, data changed, children added or removed.</summary>
    Node = 0,

    /// <summary>The node and everything below it: made, deleted, data changed.</summary>
    Recursive = 1,
}
