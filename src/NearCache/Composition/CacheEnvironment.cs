using Microsoft.Extensions.Logging;
using NearCache.Diagnostics;
using NearCache.Near;
using NearCache.Remote;

namespace NearCache.Composition;

/// <summary>What every part of one cache is built with: settings, remote tier, clocks, log and metrics.</summary>
internal sealed record CacheEnvironment
{
    /// <summary>Gets the validated settings. Reloadable settings change in place.</summary>
    public required NearCacheOptions Options { get; init; }

    /// <summary>Gets the remote tier.</summary>
    public required IRemote Remote { get; init; }

    public required ILogger Logger { get; init; }

    /// <summary>Gets the counts of warnings that <see cref="Logger"/> and the clients have logged.</summary>
    public WarningCounts Warnings { get; init; } = new();

    public required NearCacheMetrics Metrics { get; init; }

    public required NearClock Clock { get; init; }

    public required TimeProvider Time { get; init; }

    /// <summary>Gets the name of this cache among the members of the namespace.</summary>
    public string Member { get; } = Guid.NewGuid().ToString("N");

    /// <summary>Gets a value indicating whether a ZooKeeper ensemble is configured.</summary>
    public bool HasZooKeeper => Options.ZooKeeper.ConnectionString.Length > 0;

    /// <summary>Gets <see cref="NearCacheOptions.MaxStaleness"/> in milliseconds.</summary>
    public long MaxStaleness => (long)Options.MaxStaleness.TotalMilliseconds;
}
