namespace NearCache.ZooKeeper;

/// <summary>The exception that is thrown when the node does not exist or, for a create operation, its parent does not exist.</summary>
public sealed class NoNodeException : ZooKeeperException
{
    internal NoNodeException(string message, string? path)
        : base(message, ZooKeeperErrorCode.NoNode, path)
    {
    }
}

/// <summary>The exception that is thrown when the node to create already exists.</summary>
public sealed class NodeExistsException : ZooKeeperException
{
    internal NodeExistsException(string message, string? path)
        : base(message, ZooKeeperErrorCode.NodeExists, path)
    {
    }
}

/// <summary>The exception that is thrown when the node has another version than expected, because another client changed it.</summary>
public sealed class BadVersionException : ZooKeeperException
{
    internal BadVersionException(string message, string? path)
        : base(message, ZooKeeperErrorCode.BadVersion, path)
    {
    }
}

/// <summary>The exception that is thrown when the node to delete has children.</summary>
public sealed class NotEmptyException : ZooKeeperException
{
    internal NotEmptyException(string message, string? path)
        : base(message, ZooKeeperErrorCode.NotEmpty, path)
    {
    }
}

/// <summary>The exception that is thrown when the parent of the node to create is ephemeral.</summary>
public sealed class NoChildrenForEphemeralsException : ZooKeeperException
{
    internal NoChildrenForEphemeralsException(string message, string? path)
        : base(message, ZooKeeperErrorCode.NoChildrenForEphemerals, path)
    {
    }
}

/// <summary>The exception that is thrown when the watch to remove does not exist.</summary>
public sealed class NoWatcherException : ZooKeeperException
{
    internal NoWatcherException(string message, string? path)
        : base(message, ZooKeeperErrorCode.NoWatcher, path)
    {
    }
}

/// <summary>The exception that is thrown when the operation would exceed a quota of the node or of an ancestor.</summary>
public sealed class QuotaExceededException : ZooKeeperException
{
    internal QuotaExceededException(string message, string? path)
        : base(message, ZooKeeperErrorCode.QuotaExceeded, path)
    {
    }
}

/// <summary>
/// The exception that is thrown when the chroot of <see cref="ZooKeeperOptions.ConnectionString"/> does not exist. Create it, or set
/// <see cref="ZooKeeperOptions.CreateChroot"/>.
/// </summary>
public sealed class ChrootMissingException : ZooKeeperException
{
    internal ChrootMissingException(string chroot)
        : base(
            $"The chroot {chroot} of {nameof(ZooKeeperOptions.ConnectionString)} does not exist. Create it, or set "
            + $"{nameof(ZooKeeperOptions.CreateChroot)} to true.",
            ZooKeeperErrorCode.NoNode,
            path: null) => Chroot = chroot;

    /// <summary>Gets the path of the chroot.</summary>
    public string Chroot { get; }
}
