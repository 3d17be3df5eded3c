using NearCache.ZooKeeper.Protocol;

namespace NearCache.ZooKeeper;

/// <summary>Represents one read of a multi-read request. Created by the static methods of this class.</summary>
public sealed class MultiReadOperation
{
    private MultiReadOperation(OperationCode code, string path)
    {
        ZNodePath.ThrowIfInvalid(path, nameof(path));
        (Code, Path) = (code, path);
    }

    /// <summary>Gets the path of the node.</summary>
    public string Path { get; }

    internal OperationCode Code { get; }

    /// <summary>Returns an operation that reads the data and the stat of a node.</summary>
    /// <param name="path">The path of the node.</param>
    public static MultiReadOperation GetData(string path) => new(OperationCode.GetData, path);

    /// <summary>Returns an operation that reads the names of a node's children.</summary>
    /// <param name="path">The path of the node.</param>
    public static MultiReadOperation GetChildren(string path) => new(OperationCode.GetChildren, path);
}

/// <summary>Represents the result of one read of a multi-read request.</summary>
public sealed record MultiReadResult
{
    /// <summary>Gets the error code of this read. An error does not affect the other reads.</summary>
    public ZooKeeperErrorCode Error { get; init; }

    /// <summary>
    /// Gets the data and the stat of the node; null unless this is a successful <see cref="MultiReadOperation.GetData"/>.
    /// </summary>
    public ZNodeData? Data { get; init; }

    /// <summary>Gets the names of the children; null unless this is a successful <see cref="MultiReadOperation.GetChildren"/>.</summary>
    public IReadOnlyList<string>? Children { get; init; }
}
