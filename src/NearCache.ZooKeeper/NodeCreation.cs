namespace NearCache.ZooKeeper;

/// <summary>Creates nodes whose ancestors may be missing.</summary>
/// <remarks>Checks whether a node exists before it creates it: even a create request that fails is a transaction of the ensemble.</remarks>
internal static class NodeCreation
{
    private const int MaxAttempts = 5;

    /// <summary>Creates a node and its missing ancestors.</summary>
    public static async ValueTask<CreatedZNode> CreateWithParentsAsync(
        ZooKeeperClient client, string path, ReadOnlyMemory<byte>? data, ZNodeMode mode, IReadOnlyList<ZNodeAcl>? acl, TimeSpan? timeToLive,
        CancellationToken cancellationToken)
    {
        for (var attempt = 1; ; attempt++)
        {
            try
            {
                await CreateParentsAsync(client, path, acl, cancellationToken).ConfigureAwait(false);
                return await client.CreateAsync(path, data, mode, acl, timeToLive, cancellationToken).ConfigureAwait(false);
            }
            catch (NoNodeException) when (attempt < MaxAttempts)
            {
                // An ancestor was deleted after the check, as servers do with empty containers.
            }
        }
    }

    /// <summary>Creates the chroot and its missing ancestors if it does not exist.</summary>
    /// <param name="root">A client without a chroot.</param>
    /// <param name="chroot">The path of the chroot.</param>
    /// <param name="isCreationAllowed">Whether the chroot may be created.</param>
    /// <param name="cancellationToken">Cancels the wait for the replies.</param>
    /// <exception cref="ChrootMissingException">The chroot does not exist and may not be created.</exception>
    public static async ValueTask EnsureChrootAsync(
        ZooKeeperClient root, string chroot, bool isCreationAllowed, CancellationToken cancellationToken)
    {
        if (await root.ExistsAsync(chroot, null, cancellationToken).ConfigureAwait(false) is not null)
        {
            return;
        }

        if (!isCreationAllowed)
        {
            throw new ChrootMissingException(chroot);
        }

        try
        {
            await root.CreateWithParentsAsync(chroot, null, cancellationToken: cancellationToken).ConfigureAwait(false);
        }
        catch (NodeExistsException)
        {
            // Another client created it first.
        }
    }

    // Creates the missing ancestors from the top down, without data.
    private static async Task CreateParentsAsync(
        ZooKeeperClient client, string path, IReadOnlyList<ZNodeAcl>? acl, CancellationToken cancellationToken)
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
                // Another client created it first.
            }
        }
    }
}
