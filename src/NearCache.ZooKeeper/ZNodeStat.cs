namespace NearCache.ZooKeeper;

/// <summary>Represents the metadata of a node.</summary>
/// <remarks>Source: ZooKeeper, "ZooKeeper Stat Structure". The names of the fields there are in parentheses.</remarks>
public readonly record struct ZNodeStat
{
    private static readonly long MaxMilliseconds = DateTimeOffset.MaxValue.ToUnixTimeMilliseconds();

    /// <summary>Gets the transaction that created the node (czxid).</summary>
    public long CreatedZxid { get; init; }

    /// <summary>Gets the transaction that last changed the data (mzxid).</summary>
    public long ModifiedZxid { get; init; }

    /// <summary>Gets the transaction that last added or removed a child (pzxid).</summary>
    public long ChildrenZxid { get; init; }

    /// <summary>Gets the time at which the node was created, by the clock of the leader (ctime).</summary>
    public DateTimeOffset CreatedAt => Time(CreatedMilliseconds);

    /// <summary>Gets the time at which the data were last changed, by the clock of the leader (mtime).</summary>
    public DateTimeOffset ModifiedAt => Time(ModifiedMilliseconds);

    /// <summary>Gets the number of changes of the data (version). <c>SetDataAsync</c> and <c>DeleteAsync</c> compare it.</summary>
    public int Version { get; init; }

    /// <summary>Gets the number of times a child was added or removed (cversion).</summary>
    public int ChildrenVersion { get; init; }

    /// <summary>Gets the number of changes of the access rights (aversion). <c>SetAclAsync</c> compares it.</summary>
    public int AclVersion { get; init; }

    /// <summary>Gets the session that owns an ephemeral node; 0 for other nodes (ephemeralOwner).</summary>
    /// <remarks>Also 0 for containers and nodes with a time to live.</remarks>
    public long EphemeralOwner { get; init; }

    /// <summary>Gets the length of the data in bytes (dataLength).</summary>
    public int DataLength { get; init; }

    /// <summary>Gets the number of children (numChildren).</summary>
    public int ChildrenCount { get; init; }

    internal long CreatedMilliseconds { get; init; }

    internal long ModifiedMilliseconds { get; init; }

    private static DateTimeOffset Time(long milliseconds) =>
        DateTimeOffset.FromUnixTimeMilliseconds(Math.Clamp(milliseconds, 0, MaxMilliseconds));
}
