namespace NearCache.ZooKeeper;

/// <summary>
/// Specifies the lifetime of a node, and whether the server appends a number to its name. Values are those of the protocol.
/// </summary>
public enum ZNodeMode
{
    /// <summary>The node exists until it is deleted.</summary>
    Persistent = 0,

    /// <summary>The node exists until the session that created it ends. It cannot have children.</summary>
    Ephemeral = 1,

    /// <summary>The node exists until it is deleted. The server appends ten digits to the name, from a counter of the parent.</summary>
    PersistentSequential = 2,

    /// <summary>The node exists until the session that created it ends. The server appends ten digits to the name.</summary>
    EphemeralSequential = 3,

    /// <summary>The node exists until its last child is deleted. The server checks about once a minute.</summary>
    Container = 4,

    /// <summary>
    /// The node exists until it has had no children and no change for its time to live. The server checks about once a minute. Servers need
    /// <c>extendedTypesEnabled</c>.
    /// </summary>
    PersistentWithTimeToLive = 5,

    /// <summary>As <see cref="PersistentWithTimeToLive"/>, and the server appends ten digits to the name.</summary>
    PersistentSequentialWithTimeToLive = 6,
}
