namespace NearCache.ZooKeeper;

/// <summary>A node's data and stat, as of one transaction.</summary>
/// <param name="Data">The bytes; empty also for a node whose data are null (see <see cref="IsNull"/>).</param>
/// <param name="Stat">What else is known of the node.</param>
public readonly record struct ZNodeData(ReadOnlyMemory<byte> Data, ZNodeStat Stat)
{
    /// <summary>The node was written with null instead of bytes, which ZooKeeper keeps apart from empty.</summary>
    public bool IsNull { get; init; }
}

/// <summary>A node that was just made.</summary>
/// <param name="Path">Its path: with the number that the server appended, if the mode is sequential.</param>
/// <param name="Stat">Its stat.</param>
public readonly record struct CreatedZNode(string Path, ZNodeStat Stat);

/// <summary>The names of a node's children, and the node's stat, as of one transaction.</summary>
/// <param name="Names">Names, not paths, in no order.</param>
/// <param name="Stat">The parent's.</param>
public readonly record struct ZNodeChildren(IReadOnlyList<string> Names, ZNodeStat Stat);

/// <summary>Who may do what with a node, and its stat.</summary>
/// <param name="Acl">The rights.</param>
/// <param name="Stat">Its <see cref="ZNodeStat.AclVersion"/> is what <c>SetAclAsync</c> compares.</param>
public readonly record struct ZNodeAccess(IReadOnlyList<ZNodeAcl> Acl, ZNodeStat Stat);
