namespace NearCache.ZooKeeper;

/// <summary>A node's data and stat, as of one transaction.</summary>
/// <param name="Data">The bytes; empty also for a node whose data are null (see <see cref="IsNull"/>).</param>
/// <param name="Stat">What else is known of the node.</param>
public readonly record struct ZNodeData(ReadOnlyMemory<byte> Data, ZNodeStat Stat)
{
    /// <summary>The node was written with null instead of bytes, which ZooKeeper keeps apart from empty.</summary>
    public bool IsNull { get; init; }
}
