using System.Globalization;
using System.Text;
using Microsoft.Extensions.Logging;
using NearCache.Coherence.Ensemble;
using NearCache.Diagnostics;
using NearCache.ZooKeeper;

namespace NearCache.Coherence.Namespaces;

/// <summary>
/// Sets a ZooKeeper quota on a subtree, as <c>setquota</c> of zkCli does; one that is there already is left alone, for somebody may have
/// raised it.
/// </summary>
/// <param name="lane">The way to ZooKeeper.</param>
/// <param name="logger">Where events go.</param>
/// <param name="acl">The rights of the quota's own nodes.</param>
internal sealed class SubtreeQuota(EnsembleLane lane, ILogger logger, IReadOnlyList<ZNodeAcl> acl)
{
    // https://zookeeper.apache.org/doc/r3.9.2/zookeeperQuotas.html; org.apache.zookeeper.Quotas
    private const string QuotaRoot = "/zookeeper/quota";
    private const string Limits = "/zookeeper_limits";
    private const string Stats = "/zookeeper_stats";

    /// <summary>
    /// A quota as its node holds it: servers before 3.7 read what stands before the second '=' of the bytes, and know no hard limits.
    /// </summary>
    /// <remarks>org.apache.zookeeper.StatsTrack; -1 is no limit.</remarks>
    public static string Format(long zNodes, long bytes)
    {
        var (count, size) = (zNodes > 0 ? zNodes : -1, bytes > 0 ? bytes : -1);
        return string.Create(CultureInfo.InvariantCulture, $"count={count},bytes={size}=;byteHardLimit={size};countHardLimit={count}");
    }

    /// <summary>Sets it, unless there is one here or above.</summary>
    /// <param name="path">The subtree, below the connection string's chroot.</param>
    /// <param name="zNodes">Nodes; 0: no limit.</param>
    /// <param name="bytes">Bytes of data; 0: no limit.</param>
    /// <param name="cancellationToken">Gives up.</param>
    /// <exception cref="ZooKeeperException">ZooKeeper could not be asked.</exception>
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

                // Another process was first with some of it: look again.
            }
        }
        catch (ZooKeeperException e) when (
            e.Code is ZooKeeperErrorCode.QuotaExceeded or ZooKeeperErrorCode.NoAuth or ZooKeeperErrorCode.InvalidAcl)
        {
            logger.QuotaNotSet(e, subtree, "ZooKeeper does not allow it");
        }
    }

    // What is to be made; nothing: there is a quota.
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
