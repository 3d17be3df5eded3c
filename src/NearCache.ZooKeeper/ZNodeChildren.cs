namespace NearCache.ZooKeeper;

/// <summary>The names of a node's children, and the node's stat, as of one transaction.</summary>
/// <param name="Names">Names, not paths, in no order.</param>
/// <param name="Stat">The parent's.</param>
public readonly record struct ZNodeChildren(IReadOnlyList<string> Names, ZNodeStat Stat);
