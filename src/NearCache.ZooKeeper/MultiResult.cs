namespace NearCache.ZooKeeper;

/// <summary>What came of one part of a multi.</summary>
public sealed record MultiResult
{
    /// <summary>
    /// Ok; or, in a multi that failed, why this part failed. Nothing was changed then: parts before the failing one say Ok, those behind it
    /// RuntimeInconsistency.
    /// </summary>
    public ZooKeeperErrorCode Error { get; init; }

    /// <summary>Create: the path of the new node.</summary>
    public string? Path { get; init; }

    /// <summary>SetData, and create on servers since 3.9: the node's stat.</summary>
    public ZNodeStat? Stat { get; init; }
}
