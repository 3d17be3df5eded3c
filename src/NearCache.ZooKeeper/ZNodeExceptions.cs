namespace NearCache.ZooKeeper;

/// <summary>There is no such node; or, when one is made, no parent.</summary>
public sealed class NoNodeException : ZooKeeperException
{
    internal NoNodeException(string message, string? path)
        : base(message, ZooKeeperErrorCode.NoNode, path)
    {
    }
}

/// <summary>There is such a node already.</summary>
public sealed class NodeExistsException : ZooKeeperException
{
    internal NodeExistsException(string message, string? path)
        : base(message, ZooKeeperErrorCode.NodeExists, path)
    {
    }
}

/// <summary>The node has another version than the one that was asked for: somebody else changed it.</summary>
public sealed class BadVersionException : ZooKeeperException
{
    internal BadVersionException(string message, string? path)
        : base(message, ZooKeeperErrorCode.BadVersion, path)
    {
    }
}

/// <summary>A node that has children cannot be deleted.</summary>
public sealed class NotEmptyException : ZooKeeperException
{
    internal NotEmptyException(string message, string? path)
        : base(message, ZooKeeperErrorCode.NotEmpty, path)
    {
    }
}

/// <summary>An ephemeral node can have no children.</summary>
public sealed class NoChildrenForEphemeralsException : ZooKeeperException
{
    internal NoChildrenForEphemeralsException(string message, string? path)
        : base(message, ZooKeeperErrorCode.NoChildrenForEphemerals, path)
    {
    }
}

/// <summary>There is no such watch to remove.</summary>
public sealed class NoWatcherException : ZooKeeperException
{
    internal NoWatcherException(string message, string? path)
        : base(message, ZooKeeperErrorCode.NoWatcher, path)
    {
    }
}

/// <summary>A quota of the node or of one above it would be exceeded.</summary>
public sealed class QuotaExceededException : ZooKeeperException
{
    internal QuotaExceededException(string message, string? path)
        : base(message, ZooKeeperErrorCode.QuotaExceeded, path)
    {
    }
}

/// <summary>
/// The chroot of <see cref="ZooKeeperOptions.ConnectionString"/> does not exist: create it, or set
/// <see cref="ZooKeeperOptions.CreateChroot"/>.
/// </summary>
public sealed class ChrootMissingException : ZooKeeperException
{
    internal ChrootMissingException(string chroot)
        : base(
            $"The chroot {chroot} of the connection string does not exist: create it, or set {nameof(ZooKeeperOptions.CreateChroot)} ({nameof(ZooKeeperOptions.ConnectionString)}).",
            ZooKeeperErrorCode.NoNode, path: null) => Chroot = chroot;

    /// <summary>The chroot.</summary>
    public string Chroot { get; }
}
