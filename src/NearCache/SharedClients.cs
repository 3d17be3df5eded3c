using System.Diagnostics.Metrics;
using Microsoft.Extensions.Logging;
using NearCache.Memcached;
using NearCache.Remote;
using NearCache.ZooKeeper;

namespace NearCache;

/// <summary>The connections of all caches in a container: caches with equal settings of servers have them together.</summary>
internal sealed class SharedClients(ILoggerFactory? loggers, IMeterFactory? meters, TimeProvider time)
{
    public ClientPool<MemcachedOptions, MemcachedClient> Memcached { get; } = new(
        EqualSettings.Are, options => new MemcachedClient(options, loggers, meters, time));

    public ClientPool<ZooKeeperOptions, ZooKeeperClient> ZooKeeper { get; } = new(
        EqualSettings.Are, options => new ZooKeeperClient(options, loggers, meters, time));
}
