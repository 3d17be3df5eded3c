namespace NearCache.ZooKeeper;

/// <summary>What came of one read of several.</summary>
public sealed record MultiReadResult
{
    /// <summary>Ok, or why this read failed; the others are not touched by it.</summary>
    public ZooKeeperErrorCode Error { get; init; }

    /// <summary>GetData: the data and the stat.</summary>
    public ZNodeData? Data { get; init; }

    /// <summary>GetChildren: the names.</summary>
    public IReadOnlyList<string>? Children { get; init; }
}
