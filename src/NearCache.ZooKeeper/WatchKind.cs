namespace NearCache.ZooKeeper;

/// <summary>Specifies which watches of a node are removed.</summary>
public enum WatchKind
{
    /// <summary>Watches of the list of children, set by <c>GetChildrenAsync</c>.</summary>
    Children = 1,

    /// <summary>Watches of the data and the existence of the node, set by <c>GetDataAsync</c> and <c>ExistsAsync</c>.</summary>
    Data = 2,

    /// <summary>All watches, persistent ones included.</summary>
    Any = 3,
}

/// <summary>Specifies what a persistent watch reports. Values are those of the protocol.</summary>
public enum PersistentWatchMode
{
    /// <summary>The node: created, deleted, data changed, children added or removed.</summary>
    Node = 0,

    /// <summary>The node and all nodes below it: created, deleted, data changed.</summary>
    Recursive = 1,
}
