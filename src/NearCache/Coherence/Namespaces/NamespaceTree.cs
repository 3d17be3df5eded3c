using System.Text;
using System.Text.Json;
using NearCache.Coherence.Ensemble;
using NearCache.Coherence.Slots.Core;
using NearCache.ZooKeeper;

namespace NearCache.Coherence.Namespaces;

/// <summary>The nodes of a namespace in ZooKeeper: finds missing nodes, and creates only those, in one transaction.</summary>
/// <remarks>
/// A refused create is a transaction, too, so existing nodes are not created. The parent of all namespaces is open to all; the nodes of
/// this namespace have <paramref name="acl"/>.
/// </remarks>
internal sealed class NamespaceTree(EnsembleLane lane, NamespacePaths paths, IReadOnlyList<ZNodeAcl> acl)
{
    /// <summary>The known format.</summary>
    public const int Format = 1;

    /// <summary>The content of <c>config</c>.</summary>
    public static readonly string Config = $$"""{"format":{{Format}},"slots":{{NamespacePaths.SlotCount}}}""";

    /// <summary>Finds missing nodes, only by reads: four for a complete namespace.</summary>
    /// <exception cref="ZooKeeperException">The nodes cannot be read, or there is no chroot.</exception>
    public async Task<NamespaceScan> ScanAsync(CancellationToken cancellationToken)
    {
        var missing = new List<string>();
        var config = await lane.TryGetDataAsync(paths.Config, null, cancellationToken).ConfigureAwait(false);
        if (config is null)
        {
            if (!await HasAsync(paths.Home, missing, cancellationToken).ConfigureAwait(false))
            {
                if (!await HasAsync(NamespacePaths.Root, missing, cancellationToken).ConfigureAwait(false))
                {
                    await lane.EnsureChrootAsync(cancellationToken).ConfigureAwait(false);
                    missing.Reverse();
                }

                return new NamespaceScan(null, RulesTransaction: null, [.. missing, paths.Config, paths.Members, paths.Slots, .. Slots]);
            }

            missing.Add(paths.Config);
        }

        var rules = await lane.ExistsAsync(paths.Rules, null, cancellationToken).ConfigureAwait(false);
        await HasAsync(paths.Members, missing, cancellationToken).ConfigureAwait(false);
        if (await lane.ExistsAsync(paths.Slots, null, cancellationToken).ConfigureAwait(false) is not { } slots)
        {
            missing.AddRange([paths.Slots, .. Slots]);
        }
        else if (slots.ChildrenCount != NamespacePaths.SlotCount)
        {
            foreach (var slot in Slots)
            {
                await HasAsync(slot, missing, cancellationToken).ConfigureAwait(false);
            }
        }

        return new NamespaceScan(config is { } found ? ReadFormat(found.Data) : null, rules?.ModifiedZxid, missing);
    }

    /// <summary>Creates missing nodes.</summary>
    /// <param name="missing">The nodes, parents before their children.</param>
    /// <param name="rules">The registry to create with them; null for none.</param>
    /// <param name="cancellationToken">Abandons the reply.</param>
    /// <returns>False if nothing was created, because the nodes have changed since the check.</returns>
    /// <exception cref="ZooKeeperException">The nodes could not be created.</exception>
    public ValueTask<bool> TryCreateAsync(IReadOnlyList<string> missing, byte[]? rules, CancellationToken cancellationToken)
    {
        var operations = missing.Select(
            path => MultiOperation.Create(
                path, Content(path) is { } content ? content : (ReadOnlyMemory<byte>?)null, acl: path == NamespacePaths.Root ? null : acl));
        return lane.TryChangeAllAsync(
            rules is not null ? [.. operations, MultiOperation.Create(paths.Rules, rules, acl: acl)] : [.. operations], cancellationToken);
    }

    // Unreadable content counts as newer than any known format.
    internal static int ReadFormat(ReadOnlyMemory<byte> config)
    {
        try
        {
            using var document = JsonDocument.Parse(config);
            return document.RootElement.GetProperty("format").GetInt32() is var format
                && document.RootElement.GetProperty("slots").GetInt32() == NamespacePaths.SlotCount
                ? format
                : int.MaxValue;
        }
        catch (Exception e) when (e is JsonException or KeyNotFoundException or InvalidOperationException or FormatException)
        {
            return int.MaxValue;
        }
    }

    private IEnumerable<string> Slots => Enumerable.Range(0, NamespacePaths.SlotCount).Select(paths.Slot);

    private async Task<bool> HasAsync(string path, List<string> missing, CancellationToken cancellationToken)
    {
        var isThere = await lane.ExistsAsync(path, null, cancellationToken).ConfigureAwait(false) is not null;
        if (!isThere)
        {
            missing.Add(path);
        }

        return isThere;
    }

    private byte[]? Content(string path) =>
        path == paths.Config ? Encoding.UTF8.GetBytes(Config)
        : Slots.Contains(path) ? SlotRing.Fresh(Random.Shared).Encode()
        : null;
}

/// <summary>The result of a check of a namespace's nodes.</summary>
/// <param name="Format">
/// The format that <c>config</c> states; <see cref="int.MaxValue"/> if it cannot be read; null if it is missing.
/// </param>
/// <param name="RulesTransaction">The transaction that wrote the registry; null if there is none.</param>
/// <param name="Missing">The other nodes that are missing, parents before their children.</param>
internal sealed record NamespaceScan(int? Format, long? RulesTransaction, IReadOnlyList<string> Missing)
{
    /// <summary>Gets whether there is a registry.</summary>
    public bool HasRules => RulesTransaction is not null;
}
