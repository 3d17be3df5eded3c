namespace NearCache.ZooKeeper;

/// <summary>Represents the data and the stat of a node, both as of one transaction.</summary>
public readonly record struct ZNodeData
{
    /// <summary>Gets the data of the node. Empty if the data are null; see <see cref="IsNull"/>.</summary>
    public required ReadOnlyMemory<byte> Data { get; init; }

    /// <summary>Gets the stat of the node.</summary>
    public required ZNodeStat Stat { get; init; }

    /// <summary>Gets a value that indicates whether the data of the node are null. ZooKeeper distinguishes null from empty.</summary>
    public bool IsNull { get; init; }
}

/// <summary>Represents a node that was created by the request.</summary>
public readonly record struct CreatedZNode
{
    /// <summary>Gets the path of the node, with the number that the server appends if the mode is sequential.</summary>
    public required string Path { get; init; }

    /// <summary>Gets the stat of the node.</summary>
    public required ZNodeStat Stat { get; init; }
}

/// <summary>Represents the names of a node's children and the stat of the node, both as of one transaction.</summary>
public readonly record struct ZNodeChildren
{
    /// <summary>Gets the names of the children in no particular order. A name is the last part of a path.</summary>
    public required IReadOnlyList<string> Names { get; init; }

    /// <summary>Gets the stat of the parent.</summary>
    public required ZNodeStat Stat { get; init; }
}

/// <summary>Represents the access rights of a node and its stat.</summary>
public readonly record struct ZNodeAccess
{
    /// <summary>Gets the access rights.</summary>
    public required IReadOnlyList<ZNodeAcl> Acl { get; init; }

    /// <summary>Gets the stat of the node. <c>SetAclAsync</c> compares its <see cref="ZNodeStat.AclVersion"/>.</summary>
    public required ZNodeStat Stat { get; init; }
}
