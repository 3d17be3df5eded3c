using System.Diagnostics.Metrics;
using Microsoft.Extensions.Logging;
using NearCache.Memcached;
using NearCache.Remote;
using NearCache.ZooKeeper;

namespace NearCache.Composition;

/// <summary>The connections of all caches in a container. Caches with equal server settings share them.</summary>
internal sealed class ClientPools(ILoggerFactory? loggerFactory, IMeterFactory? meterFactory, TimeProvider time)
{
    public ClientPool<MemcachedOptions, MemcachedClient> Memcached { get; } = new(
        SettingsEquality.Are, options => new MemcachedClient(options, loggerFactory, meterFactory, time));

    public ClientPool<ZooKeeperOptions, ZooKeeperClient> ZooKeeper { get; } = new(
        SettingsEquality.Are, options => new ZooKeeperClient(options, loggerFactory, meterFactory, time));
}
