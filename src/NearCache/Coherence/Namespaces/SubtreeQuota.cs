using System.Globalization;
using System.Text;
using Microsoft.Extensions.Logging;
using NearCache.Coherence.Ensemble;
using NearCache.Diagnostics;
using NearCache.ZooKeeper;

namespace NearCache.Coherence.Namespaces;

/// <summary>
/// Sets a ZooKeeper quota on a subtree, as <c>setquota</c> of zkCli does. An existing quota is kept, since an administrator may have raised
/// it.
/// </summary>
/// <param name="lane">The lane of the requests.</param>
/// <param name="logger">The logger.</param>
/// <param name="acl">The access rights of the quota's own nodes.</param>
internal sealed class SubtreeQuota(EnsembleLane lane, ILogger logger, IReadOnlyList<ZNodeAcl> acl)
{
    // https://zookeeper.apache.org/doc/r3.9.2/zookeeperQuotas.html; org.apache.zookeeper.Quotas
    private const string QuotaRoot = "/zookeeper/quota";

    /// <summary>The name of the node with the limits, below <see cref="PathOf"/>.</summary>
    public const string Limits = "/zookeeper_limits";

    /// <summary>The name of the node with what is used, below <see cref="PathOf"/>.</summary>
    public const string Stats = "/zookeeper_stats";

    /// <summary>Returns the node of a subtree's quota, from the root of the ensemble.</summary>
    public static string PathOf(string subtree) => QuotaRoot + subtree;

    /// <summary>Returns the content of a quota node. Servers before 3.7 read it up to the second '=', and know no hard limits.</summary>
    /// <remarks>org.apache.zookeeper.StatsTrack; -1 is no limit.</remarks>
    public static string Format(long zNodes, long bytes)
    {
        var (count, size) = (zNodes > 0 ? zNodes : -1, bytes > 0 ? bytes : -1);
        return string.Create(CultureInfo.InvariantCulture, $"count={count},bytes={size}=;byteHardLimit={size};countHardLimit={count}");
    }

    /// <summary>Sets the quota, unless the subtree or one above it has one.</summary>
    /// <param name="path">The subtree, below the connection string's chroot.</param>
    /// <param name="zNodes">The most nodes; 0 for no limit.</param>
    /// <param name="bytes">The most bytes of data; 0 for no limit.</param>
    /// <param name="cancellationToken">Abandons the requests.</param>
    /// <exception cref="ZooKeeperException">ZooKeeper did not reply.</exception>
    public async Task SetAsync(string path, long zNodes, long bytes, CancellationToken cancellationToken)
    {
        var subtree = lane.Chroot + path;
        var limits = Format(zNodes, bytes);
        try
        {
            while (await MissingAsync(subtree, limits, cancellationToken).ConfigureAwait(false) is { Count: > 0 } missing)
            {
                if (await lane.AtRoot.TryChangeAllAsync(missing, cancellationToken).ConfigureAwait(false))
                {
                    logger.QuotaSet(subtree, limits);
                    return;
                }

                // Another process was first with some of the nodes: checked again.
            }
        }
        catch (ZooKeeperException e) when (
            e.Code is ZooKeeperErrorCode.QuotaExceeded or ZooKeeperErrorCode.NoAuth or ZooKeeperErrorCode.InvalidAcl)
        {
            logger.QuotaNotSet(e, subtree, "ZooKeeper does not allow it");
        }
    }

    // Returns the nodes to create; empty if there is a quota.
    private async Task<List<MultiOperation>> MissingAsync(string subtree, string limits, CancellationToken cancellationToken)
    {
        var root = lane.AtRoot;
        var names = subtree.Split('/')[1..];
        var operations = new List<MultiOperation>();
        var at = QuotaRoot;
        for (var i = 0; i < names.Length; i++)
        {
            at += "/" + names[i];
            var isOwn = i == names.Length - 1;
            if (await root.ExistsAsync(at, null, cancellationToken).ConfigureAwait(false) is null)
            {
                operations.Add(MultiOperation.Create(at, null, acl: isOwn ? acl : null));
            }
            else if (await root.ExistsAsync(at + Limits, null, cancellationToken).ConfigureAwait(false) is not null)
            {
                if (!isOwn)
                {
                    logger.QuotaNotSet(null, subtree, $"there is one above it, on {at[QuotaRoot.Length..]}");
                }

                return [];
            }
        }

        operations.Add(MultiOperation.Create(at + Limits, Encoding.ASCII.GetBytes(limits), acl: acl));
        operations.Add(MultiOperation.Create(at + Stats, "count=0,bytes=0"u8.ToArray(), acl: acl));
        return operations;
    }
}
