namespace NearCache.ZooKeeper;

/// <summary>How long a node lives, and whether the server numbers it. Values are those of the protocol.</summary>
public enum ZNodeMode
{
    /// <summary>Until it is deleted.</summary>
    Persistent = 0,

    /// <summary>Until the session that made it ends. It can have no children.</summary>
    Ephemeral = 1,

    /// <summary>Until it is deleted; the server appends ten digits to the name, counted by the parent.</summary>
    PersistentSequential = 2,

    /// <summary>Until the session that made it ends; numbered.</summary>
    EphemeralSequential = 3,

    /// <summary>Until it had children and has none any more, checked about once a minute by the server.</summary>
    Container = 4,

    /// <summary>
    /// Until it was not changed for its time to live and has no children, checked about once a minute. Servers need
    /// <c>extendedTypesEnabled</c>.
    /// </summary>
    PersistentWithTimeToLive = 5,

    /// <summary>As <see cref="PersistentWithTimeToLive"/>; numbered.</summary>
    PersistentSequentialWithTimeToLive = 6,
}
