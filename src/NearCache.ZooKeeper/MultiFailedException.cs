namespace NearCache.ZooKeeper;

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
