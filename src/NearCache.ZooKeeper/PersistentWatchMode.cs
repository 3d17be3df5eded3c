namespace NearCache.ZooKeeper;

/// <summary>What a watch that stays is told about. Values are those of the protocol.</summary>
public enum PersistentWatchMode
{
    /// <summary>The node: made, deleted, data changed, children added or removed.</summary>
    Node = 0,

    /// <summary>The node and everything below it: made, deleted, data changed.</summary>
    Recursive = 1,
}
