namespace NearCache.ZooKeeper;

/// <summary>A node that was just made.</summary>
/// <param name="Path">Its path: with the number that the server appended, if the mode is sequential.</param>
/// <param name="Stat">Its stat.</param>
public readonly record struct CreatedZNode(string Path, ZNodeStat Stat);
