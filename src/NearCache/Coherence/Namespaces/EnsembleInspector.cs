using NearCache.Coherence.Ensemble;
using NearCache.Coherence.Ledger;
using NearCache.Diagnostics;
using NearCache.ZooKeeper;

namespace NearCache.Coherence.Namespaces;

/// <summary>
/// Inspects the ensemble once: finds its co-tenants, counts the namespaces, and sets a quota on this namespace if the settings ask for one
/// and there is none.
/// </summary>
internal sealed class EnsembleInspector(
    EnsembleLane lane, NamespacePaths paths, CoherenceContext context, EnsembleOptions options, IReadOnlyList<ZNodeAcl> acl)
{
    private const int MaxNamed = 20;

    // A longer list of names is not requested: the start of a process does not justify a large reply.
    private const int MaxListed = 1_000;

    // Names at the root, with the product that they belong to.
    private static readonly Dictionary<string, string> Known = new(StringComparer.Ordinal)
    {
        ["dubbo"] = "Dubbo",
        ["brokers"] = "Kafka",
        ["kafka"] = "Kafka",
        ["hbase"] = "HBase",
        ["services"] = "a service registry",
        ["hadoop-ha"] = "Hadoop",
        ["rmstore"] = "Hadoop",
        ["solr"] = "Solr",
        ["live_nodes"] = "Solr",
        ["ledgers"] = "BookKeeper",
        ["clickhouse"] = "ClickHouse",
        ["flink"] = "Flink",
        ["druid"] = "Druid",
        ["storm"] = "Storm",
        ["mesos"] = "Mesos",
    };

    private bool _isDone;

    /// <summary>
    /// Gets the names at the root of the ensemble that do not belong to NearCache; null if the ensemble was not inspected.
    /// </summary>
    public IReadOnlyList<string>? CoTenants { get; private set; }

    /// <summary>Inspects the ensemble in the first session in which that succeeds. Does nothing in later ones.</summary>
    public async Task RunAsync(CancellationToken cancellationToken)
    {
        if (_isDone)
        {
            return;
        }

        try
        {
            if (options.LookForNeighbours)
            {
                await InspectAsync(lane.AtRoot, cancellationToken).ConfigureAwait(false);
            }

            if (options.WarnAboveNamespaces > 0
                && await lane.ExistsAsync(NamespacePaths.Root, null, cancellationToken).ConfigureAwait(false) is { } namespaces
                && namespaces.ChildrenCount > options.WarnAboveNamespaces)
            {
                context.Logger.ManyNamespaces(namespaces.ChildrenCount, NamespacePaths.Root, options.WarnAboveNamespaces);
            }

            if (options.QuotaZNodes > 0 || options.QuotaBytes > 0)
            {
                await new SubtreeQuota(lane, context.Logger, acl)
                    .SetAsync(paths.Home, options.QuotaZNodes, options.QuotaBytes, cancellationToken)
                    .ConfigureAwait(false);
            }

            _isDone = true;
        }
        catch (ZooKeeperException)
        {
            // Nothing depends on the result. The next session tries again.
        }
    }

    /// <summary>Returns those of the names at the root that do not belong to NearCache or ZooKeeper.</summary>
    /// <param name="names">The names at the root.</param>
    /// <param name="chroot">The chroot of the connection string; empty if it has none.</param>
    public static IReadOnlyList<string> CoTenantsAmong(IEnumerable<string> names, string chroot)
    {
        var own = chroot.Split('/') is [_, var first, ..] ? first : NamespacePaths.Root[1..];
        return
        [
            .. names.Where(name => name != "zookeeper" && name != NamespacePaths.Root[1..] && name != own).Order(StringComparer.Ordinal),
        ];
    }

    /// <summary>Returns the product that uses such a name at the root; null if it is not known.</summary>
    public static string? ProductOf(string name) => Known.GetValueOrDefault(name);

    private async Task InspectAsync(EnsembleLane root, CancellationToken cancellationToken)
    {
        if (await root.ExistsAsync("/", null, cancellationToken).ConfigureAwait(false) is not { } stat)
        {
            return;
        }

        IReadOnlyList<string> coTenants;
        if (stat.ChildrenCount > MaxListed)
        {
            coTenants = [$"{stat.ChildrenCount} nodes"];
        }
        else
        {
            coTenants = CoTenantsAmong((await root.GetChildrenAsync("/", cancellationToken).ConfigureAwait(false)).Names, lane.Chroot);
        }

        if (coTenants.Count > 0)
        {
            var named = coTenants.Take(MaxNamed).Select(name => ProductOf(name) is { } product ? $"/{name} ({product})" : $"/{name}");
            context.Logger.NeighboursFound(string.Join(", ", named) + (coTenants.Count > MaxNamed ? ", …" : ""));
        }

        // Last, so that a reader of the snapshot can rely on the warning.
        CoTenants = coTenants;
    }
}
