using System.Text;
using System.Text.Json;
using NearCache.ZooKeeper;

namespace NearCache.Coherence.Driver;

/// <summary>Sees to it that a namespace exists in ZooKeeper: in one transaction, and only by whoever finds it missing.</summary>
/// <remarks>The node that all namespaces lie under is open to all; those of this namespace have <paramref name="acl"/>.</remarks>
internal sealed class NamespaceTree(ZooKeeperClient zooKeeper, NamespacePaths paths, IReadOnlyList<ZNodeAcl> acl, Func<Task<byte[]>> seed)
{
    /// <summary>The format that is known here.</summary>
    public const int Format = 1;

    /// <summary>Makes what is missing.</summary>
    /// <returns>The format that the namespace is in.</returns>
    /// <exception cref="ZooKeeperException">It could not be seen or made.</exception>
    public async Task<int> EnsureAsync(CancellationToken cancellationToken)
    {
        while (true)
        {
            if (await zooKeeper.ExistsAsync(paths.Config, null, cancellationToken).ConfigureAwait(false) is not null)
            {
                var config = await zooKeeper.GetDataAsync(paths.Config, null, cancellationToken).ConfigureAwait(false);
                return ReadFormat(config.Data);
            }

            try
            {
                await zooKeeper.MultiAsync(await MissingAsync(cancellationToken).ConfigureAwait(false), cancellationToken).ConfigureAwait(false);
            }
            catch (MultiFailedException e) when (e.Code == ZooKeeperErrorCode.NodeExists)
            {
                // Somebody else was first: look again.
            }
        }
    }

    // Even a refused create is a transaction: what is there is not created.
    private async Task<List<MultiOperation>> MissingAsync(CancellationToken cancellationToken)
    {
        var operations = new List<MultiOperation>();
        foreach (var parent in new[] { NamespacePaths.Root, paths.Home })
        {
            if (await zooKeeper.ExistsAsync(parent, null, cancellationToken).ConfigureAwait(false) is null)
            {
                operations.Add(MultiOperation.Create(parent, null, acl: parent == NamespacePaths.Root ? null : acl));
            }
        }

        operations.Add(MultiOperation.Create(paths.Config, Encoding.UTF8.GetBytes($$"""{"format":{{Format}},"slots":{{NamespacePaths.SlotCount}}}"""), acl: acl));
        operations.Add(MultiOperation.Create(paths.Rules, await seed().ConfigureAwait(false), acl: acl));
        operations.Add(MultiOperation.Create(paths.Members, null, acl: acl));
        operations.Add(MultiOperation.Create(paths.Slots, null, acl: acl));
        operations.AddRange(Enumerable.Range(0, NamespacePaths.SlotCount).Select(slot => MultiOperation.Create(paths.Slot(slot), ReadOnlyMemory<byte>.Empty, acl: acl)));
        return operations;
    }

    // What cannot be read is newer than anything that is known here.
    internal static int ReadFormat(ReadOnlyMemory<byte> config)
    {
        try
        {
            using var document = JsonDocument.Parse(config);
            return document.RootElement.GetProperty("format").GetInt32() is var format && document.RootElement.GetProperty("slots").GetInt32() == NamespacePaths.SlotCount
                ? format
                : int.MaxValue;
        }
        catch (Exception e) when (e is JsonException or KeyNotFoundException or InvalidOperationException or FormatException)
        {
            return int.MaxValue;
        }
    }
}
