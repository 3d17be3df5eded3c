namespace NearCache.ZooKeeper;

/// <summary>Represents the result of one operation of a multi request.</summary>
public sealed record MultiResult
{
    /// <summary>Gets the error code of the operation.</summary>
    /// <remarks>
    /// In a failed multi, operations before the failing one have <see cref="ZooKeeperErrorCode.Ok"/> and those behind it have
    /// <see cref="ZooKeeperErrorCode.RuntimeInconsistency"/>. None of them took effect.
    /// </remarks>
    public ZooKeeperErrorCode Error { get; init; }

    /// <summary>Gets the path of the node that a create operation created; null for other operations.</summary>
    public string? Path { get; init; }

    /// <summary>
    /// Gets the stat of the node after a set-data operation or, on servers since 3.9, a create operation; otherwise null.
    /// </summary>
    public ZNodeStat? Stat { get; init; }
}

/// <summary>Represents the failure of a multi request. One operation failed, so none took effect.</summary>
public sealed class MultiFailedException : ZooKeeperException
{
    internal MultiFailedException(
        string message, ZooKeeperErrorCode code, string? path, int failedIndex, IReadOnlyList<MultiResult> results)
        : base(message, code, path) => (FailedIndex, Results, IsTransient) = (failedIndex, results, code is ZooKeeperErrorCode.Throttled);

    /// <summary>Gets the zero-based index of the operation that failed.</summary>
    /// <remarks><see cref="ZooKeeperException.Code"/> is its error and <see cref="ZooKeeperException.Path"/> its node.</remarks>
    public int FailedIndex { get; }

    /// <summary>Gets the result of each operation.</summary>
    public IReadOnlyList<MultiResult> Results { get; }
}
