using System.Diagnostics.Metrics;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Logging.Abstractions;
using NearCache.Diagnostics;
using NearCache.Memcached;
using NearCache.Remote;
using NearCache.ZooKeeper;

namespace NearCache.Composition;

/// <summary>The connections of all caches in a container. Caches with equal server settings share them.</summary>
internal sealed class ClientPools
{
    /// <param name="loggerFactory">Creates the loggers. Null disables logging.</param>
    /// <param name="meterFactory">Creates the meters. Null creates them without a factory.</param>
    /// <param name="time">The clocks and timers.</param>
    /// <param name="sessionSpread">
    /// The longest wait before a session of ZooKeeper is opened, of which a random part is taken. Each session is a transaction of the
    /// ensemble, so the processes of a fleet that starts at once do not open theirs at once. Default: none.
    /// </param>
    public ClientPools(
        ILoggerFactory? loggerFactory, IMeterFactory? meterFactory, TimeProvider time, TimeSpan sessionSpread = default)
    {
        var loggers = Warnings.Count(loggerFactory ?? NullLoggerFactory.Instance);
        Memcached = new(SettingsEquality.Are, options => new MemcachedClient(options, loggers, meterFactory, time));
        ZooKeeper = new(SettingsEquality.Are, options => new ZooKeeperClient(options, loggers, meterFactory, time, sessionSpread));
    }

    public ClientPool<MemcachedOptions, MemcachedClient> Memcached { get; }

    public ClientPool<ZooKeeperOptions, ZooKeeperClient> ZooKeeper { get; }

    /// <summary>Gets the counts of warnings that the clients have logged.</summary>
    public WarningCounts Warnings { get; } = new();
}
