namespace NearCache.ZooKeeper.Watches;

/// <summary>The tables of watches: what the server keeps apart.</summary>
internal enum WatchTableKind
{
    /// <summary>Data of a node that exists.</summary>
    Data,

    /// <summary>A node that does not exist yet.</summary>
    Exists,

    /// <summary>The children of a node.</summary>
    Children,

    /// <summary>A node, for ever.</summary>
    Persistent,

    /// <summary>A node and all below it, for ever.</summary>
    Recursive,
}
