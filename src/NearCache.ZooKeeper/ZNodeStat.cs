namespace NearCache.ZooKeeper;

/// <summary>What ZooKeeper knows about a node besides its data.</summary>
/// <remarks>Source: ZooKeeper, "ZooKeeper Stat Structure"; the name there stands in brackets.</remarks>
public readonly record struct ZNodeStat
{
    private static readonly long MaxMilliseconds = DateTimeOffset.MaxValue.ToUnixTimeMilliseconds();

    /// <summary>The transaction that made the node (czxid).</summary>
    public long CreatedZxid { get; init; }

    /// <summary>The transaction that last changed the data (mzxid).</summary>
    public long ModifiedZxid { get; init; }

    /// <summary>The transaction that last added or removed a child (pzxid).</summary>
    public long ChildrenZxid { get; init; }

    /// <summary>When the node was made, by the leader's clock (ctime).</summary>
    public DateTimeOffset CreatedAt => Time(CreatedMilliseconds);

    /// <summary>When the data were last changed, by the leader's clock (mtime).</summary>
    public DateTimeOffset ModifiedAt => Time(ModifiedMilliseconds);

    /// <summary>How often the data were changed (version): what <c>SetDataAsync</c> and <c>DeleteAsync</c> compare.</summary>
    public int Version { get; init; }

    /// <summary>How often a child was added or removed (cversion).</summary>
    public int ChildrenVersion { get; init; }

    /// <summary>How often the access rights were changed (aversion): what <c>SetAclAsync</c> compares.</summary>
    public int AclVersion { get; init; }

    /// <summary>The session whose end removes the node; 0 for a node that is not ephemeral (ephemeralOwner).</summary>
    /// <remarks>0 on the wire also for containers and nodes with a time to live.</remarks>
    public long EphemeralOwner { get; init; }

    /// <summary>How many bytes of data the node has (dataLength).</summary>
    public int DataLength { get; init; }

    /// <summary>How many children the node has (numChildren).</summary>
    public int ChildrenCount { get; init; }

    internal long CreatedMilliseconds { get; init; }

    internal long ModifiedMilliseconds { get; init; }

    private static DateTimeOffset Time(long milliseconds) =>
        DateTimeOffset.FromUnixTimeMilliseconds(Math.Clamp(milliseconds, 0, MaxMilliseconds));
}
