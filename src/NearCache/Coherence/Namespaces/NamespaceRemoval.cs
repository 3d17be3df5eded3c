using System.Collections.Immutable;
using NearCache.Coherence.Ensemble;
using NearCache.ZooKeeper;

namespace NearCache.Coherence.Namespaces;

/// <summary>
/// Checks whether a whole namespace may be removed, and removes it in one transaction. Nothing outside of the namespace is listed, counted
/// or read.
/// </summary>
/// <param name="zooKeeper">The client.</param>
/// <param name="paths">The paths of the namespace.</param>
/// <param name="name">The name of the namespace.</param>
/// <param name="options">Contains how long the namespace must have been unchanged.</param>
/// <param name="time">The clock of this machine.</param>
internal sealed class NamespaceRemoval(
    ZooKeeperClient zooKeeper, NamespacePaths paths, string name, CleanerOptions options, TimeProvider time)
{
    /// <summary>Returns the nodes of the namespace, if all of it may be removed.</summary>
    /// <exception cref="NearCacheException">The namespace may not be removed.</exception>
    /// <exception cref="ZooKeeperException">ZooKeeper did not reply.</exception>
    public async Task<NamespaceRecord> ReadRecordAsync(CancellationToken cancellationToken)
    {
        var config = await ReadAsync(paths.Config, cancellationToken).ConfigureAwait(false);
        if (config is { } known && NamespaceTree.ReadFormat(known) > NamespaceTree.Format)
        {
            throw Refused("it has a newer layout than this process knows");
        }

        string[] slots = [.. Enumerable.Range(0, NamespacePaths.SlotCount).Select(paths.Slot)];
        string[] all = [.. slots, paths.Slots, paths.Members, paths.Config, paths.Rules, paths.Home];
        var nodes = ImmutableArray.CreateBuilder<NamespaceNode>();
        var children = 0;
        foreach (var path in all)
        {
            if (await zooKeeper.ExistsAsync(path, null, cancellationToken).ConfigureAwait(false) is { } stat)
            {
                Check(path, stat);
                children += stat.ChildrenCount;
                nodes.Add(new NamespaceNode(path, stat.CreatedZxid, stat.Version, stat.ChildrenVersion, stat.ModifiedAt));
            }
        }

        // Each node except that of the namespace is a child of another one.
        if (nodes.Count == 0 || nodes[^1].Path != paths.Home)
        {
            throw Refused("it does not exist");
        }

        if (children != nodes.Count - 1)
        {
            throw Refused($"{children - nodes.Count + 1} of its nodes are not part of the present layout: run "
                + $"{nameof(NamespaceCleaner.CleanAsync)} first");
        }

        var registry = await ReadAsync(paths.Rules, cancellationToken).ConfigureAwait(false) ?? default;
        if (!NamespaceRecord.IsText(registry))
        {
            throw Refused(
                $"what {paths.Rules} holds is not UTF-8 text, so the plan cannot keep it: save it elsewhere and delete that node first");
        }

        var record = new NamespaceRecord(name, time.GetUtcNow(), nodes.ToImmutable(), NamespaceRecord.TextOf(registry));
        return time.GetUtcNow() - record.LastChange >= options.UnchangedFor
            ? record
            : throw Refused($"it was changed at {record.LastChange:u}, less than {options.UnchangedFor} ago "
                + $"({nameof(CleanerOptions)}.{nameof(CleanerOptions.UnchangedFor)})");
    }

    /// <summary>Removes the namespace, if it is unchanged since the removal was planned.</summary>
    /// <exception cref="NearCacheException">The namespace may not be removed.</exception>
    /// <exception cref="ZooKeeperException">ZooKeeper did not reply.</exception>
    public async Task RemoveAsync(NamespaceRecord planned, CancellationToken cancellationToken)
    {
        if (planned.Namespace != name)
        {
            throw Refused($"the plan is of the namespace {planned.Namespace}");
        }

        var age = time.GetUtcNow() - planned.PlannedAt;
        if (age < TimeSpan.Zero)
        {
            throw Refused($"its removal was planned at {planned.PlannedAt:u}, which is in the future by the clock of this machine: "
                + "compare it with the clock of the machine that planned it");
        }

        if (age < options.PlannedFor)
        {
            throw Refused($"its removal was planned {age} ago, less than {options.PlannedFor} "
                + $"({nameof(CleanerOptions)}.{nameof(CleanerOptions.PlannedFor)}): a running fleet can be without members for a while, "
                + "so that time must pass without one joining");
        }

        var now = await ReadRecordAsync(cancellationToken).ConfigureAwait(false);
        if (!now.IsSame(planned))
        {
            throw Refused("something was written there, or a process joined or left, since its removal was planned at "
                + $"{planned.PlannedAt:u}: the namespace is in use");
        }

        try
        {
            await zooKeeper.MultiAsync([.. now.Nodes.Select(node => MultiOperation.Delete(node.Path, node.Version))], cancellationToken)
                .ConfigureAwait(false);
        }
        catch (MultiFailedException e) when (
            e.Code is ZooKeeperErrorCode.BadVersion or ZooKeeperErrorCode.NotEmpty or ZooKeeperErrorCode.NoNode)
        {
            throw Refused("it was changed during the removal: the namespace is in use", e);
        }
        catch (MultiFailedException e) when (e.Code == ZooKeeperErrorCode.NoAuth)
        {
            throw Refused(
                $"the access rights of {now.Nodes[e.FailedIndex].Path} or its parent do not allow the deletion: give the cleaner an "
                    + "identity that may delete it (Authentications)",
                e);
        }
    }

    private void Check(string path, ZNodeStat stat)
    {
        if (path == paths.Members && stat.ChildrenCount > 0)
        {
            throw Refused($"{stat.ChildrenCount} nodes are in {paths.Members}: processes use the namespace");
        }

        if (stat.EphemeralOwner != 0)
        {
            throw Refused($"{path} is ephemeral, and belongs to a living session");
        }
    }

    private async Task<ReadOnlyMemory<byte>?> ReadAsync(string path, CancellationToken cancellationToken)
    {
        try
        {
            return (await zooKeeper.GetDataAsync(path, null, cancellationToken).ConfigureAwait(false)).Data;
        }
        catch (NoNodeException)
        {
            return null;
        }
    }

    private NearCacheException Refused(string why, Exception? inner = null) => new($"{paths.Home} is not removed: {why}.", inner);
}
