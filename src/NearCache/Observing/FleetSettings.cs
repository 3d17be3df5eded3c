using Microsoft.Extensions.Options;
using NearCache.Memcached;
using NearCache.Memcached.Topology;
using NearCache.Remote.Memcached;
using NearCache.ZooKeeper;

namespace NearCache.Observing;

/// <summary>The settings of caches, for a client that only observes them.</summary>
/// <param name="Caches">The settings of the caches.</param>
/// <param name="Memcached">The memcached servers, with one connection to each; null if none is named.</param>
/// <param name="ZooKeeper">The ensemble, whose chroot is never created; null if none is named.</param>
internal sealed record FleetSettings(NearCacheOptions Caches, MemcachedOptions? Memcached, ZooKeeperOptions? ZooKeeper)
{
    /// <summary>Validates and copies the settings.</summary>
    /// <exception cref="OptionsValidationException">The settings are invalid, or name no server.</exception>
    public static FleetSettings Of(NearCacheOptions options)
    {
        if (NearCacheOptionsValidator.ValidateObserved(options) is { Failed: true } mistakes)
        {
            throw new OptionsValidationException(nameof(NearCacheOptions), typeof(NearCacheOptions), mistakes.Failures);
        }

        MemcachedOptions? memcached = null;
        if (options.Memcached.Servers is { Count: > 0 } servers)
        {
            memcached = MemcachedSettings.With(options.Memcached, servers);
            memcached.ConnectionsPerServer = 1;
        }

        ZooKeeperOptions? zooKeeper = null;
        if (options.ZooKeeper.ConnectionString is { Length: > 0 })
        {
            zooKeeper = options.ZooKeeper.Copy();
            zooKeeper.RenewSession = true;
            zooKeeper.CreateChroot = false;
        }

        return new FleetSettings(options.Copy(), memcached, zooKeeper);
    }

    /// <summary>
    /// Replaces the names of memcached servers by their present addresses, if the caches take every address for a server. A name that
    /// cannot be resolved stays, as a server that is not reached.
    /// </summary>
    public async Task<FleetSettings> WithAddressesAsync(TimeProvider time, CancellationToken cancellationToken)
    {
        if (!Caches.EveryAddressIsAServer || Memcached is null)
        {
            return this;
        }

        var addresses = await Task.WhenAll(Memcached.Servers.Select(async name =>
            await AddressExpansion.ExpandAsync(name, Memcached, time, cancellationToken).ConfigureAwait(false) ?? [name]))
            .ConfigureAwait(false);
        var expanded = MemcachedSettings.WithoutNames(Memcached);
        expanded.Servers = [.. addresses.SelectMany(some => some).Distinct()];
        return this with { Memcached = expanded };
    }
}
