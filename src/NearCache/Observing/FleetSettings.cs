using Microsoft.Extensions.Options;
using NearCache.Memcached;
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
}
