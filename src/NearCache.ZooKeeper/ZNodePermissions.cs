namespace NearCache.ZooKeeper;

/// <summary>Specifies what an identity may do with a node. Values are those of the protocol.</summary>
[Flags]
public enum ZNodePermissions
{
    /// <summary>No permission.</summary>
    None = 0,

    /// <summary>Read the data and list the children.</summary>
    Read = 1,

    /// <summary>Change the data.</summary>
    Write = 2,

    /// <summary>Create a child.</summary>
    Create = 4,

    /// <summary>Delete a child.</summary>
    Delete = 8,

    /// <summary>Change the access rights.</summary>
    Admin = 16,

    /// <summary>All permissions.</summary>
    All = Read | Write | Create | Delete | Admin,
}
