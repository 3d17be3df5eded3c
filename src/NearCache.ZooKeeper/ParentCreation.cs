namespace NearCache.ZooKeeper;

/// <summary>
/// Creates what is missing above a node. What exists is not created: also a refused create is a transaction of the ensemble.
/// </summary>
internal static class ParentCreation
{
    /// <summary>Creates all nodes above a path that do not exist, from the top down, without data.</summary>
    /// <exception cref="NoNodeException">One was deleted meanwhile.</exception>
    /// <exception cref="ChrootMissingException">There is no chroot, and none may be created.</exception>
    public static async Task CreateParentsAsync(
        this ZooKeeperClient client, string path, IReadOnlyList<ZNodeAcl>? acl, CancellationToken cancellationToken)
    {
        var missing = new Stack<string>();
        var parent = ZNodePath.GetParent(path);
        while (await client.ExistsAsync(parent, null, cancellationToken).ConfigureAwait(false) is null)
        {
            if (parent == "/")
            {
                await client.EnsureChrootAsync(cancellationToken).ConfigureAwait(false);
                break;
            }

            missing.Push(parent);
            parent = ZNodePath.GetParent(parent);
        }

        foreach (var node in missing)
        {
            try
            {
                await client.CreateAsync(node, null, acl: acl, cancellationToken: cancellationToken).ConfigureAwait(false);
            }
            catch (NodeExistsException)
            {
                // Another client was first.
            }
        }
    }
}
