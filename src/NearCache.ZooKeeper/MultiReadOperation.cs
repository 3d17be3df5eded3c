using NearCache.ZooKeeper.Protocol;

namespace NearCache.ZooKeeper;

/// <summary>One of several reads in one request. Made by the methods of this class.</summary>
public sealed class MultiReadOperation
{
    private MultiReadOperation(OperationCode code, string path)
    {
        ZNodePath.ThrowIfInvalid(path, nameof(path));
        (Code, Path) = (code, path);
    }

    /// <summary>The node.</summary>
    public string Path { get; }

    internal OperationCode Code { get; }

    /// <summary>Reads a node's data and stat.</summary>
    public static MultiReadOperation GetData(string path) => new(OperationCode.GetData, path);

    /// <summary>Reads the names of a node's children.</summary>
    public static MultiReadOperation GetChildren(string path) => new(OperationCode.GetChildren, path);
}

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
