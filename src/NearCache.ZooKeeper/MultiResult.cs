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

/// <summary>One part of a multi failed, and therefore nothing was changed.</summary>
public sealed class MultiFailedException : ZooKeeperException
{
    internal MultiFailedException(
        string message, ZooKeeperErrorCode code, string? path, int failedIndex, IReadOnlyList<MultiResult> results)
        : base(message, code, path) => (FailedIndex, Results, IsTransient) = (failedIndex, results, code is ZooKeeperErrorCode.Throttled);

    /// <summary>
    /// Which part failed, counted from 0; its error is <see cref="ZooKeeperException.Code"/>, its node
    /// <see cref="ZooKeeperException.Path"/>.
    /// </summary>
    public int FailedIndex { get; }

    /// <summary>What the server said of each part.</summary>
    public IReadOnlyList<MultiResult> Results { get; }
}
