namespace NearCache.ZooKeeper;

/// <summary>What somebody may do with a node. Values are those of the protocol.</summary>
[Flags]
public enum ZNodePermissions
{
    /// <summary>Nothing.</summary>
    None = 0,

    /// <summary>Read the data and list the children.</summary>
    Read = 1,

    /// <summary>Change the data.</summary>
    Write = 2,

    /// <summary>Add a child.</summary>
    Create = 4,

    /// <summary>Remove a child.</summary>
    Delete = 8,

    /// <summary>Change the access rights.</summary>
    Admin = 16,

    /// <summary>Everything.</summary>
    All = Read | Write | Create | Delete | Admin,
}
