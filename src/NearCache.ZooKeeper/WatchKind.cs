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
