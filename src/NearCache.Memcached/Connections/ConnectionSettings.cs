using Microsoft.Extensions.Logging;
using NearCache.Memcached.Diagnostics;
using NearCache.Transport;

namespace NearCache.Memcached.Connections;

/// <summary>The settings and services that all connections to one server share.</summary>
internal sealed record ConnectionSettings(
    string Server,
    ServerAddress Address,
    MemcachedOptions Options,
    TransportOptions Transport,
    TimeProvider Time,
    ILogger Logger,
    ServerMetrics Metrics)
{
    private const int TicksPerShortest = 8;

    /// <summary>Gets the warning of the client.</summary>
    public required StarvationWarning Starvation { get; init; }

    /// <summary>Gets the period in which a connection checks its operations.</summary>
    public TimeSpan TickPeriod { get; } = PeriodOf(Options);

    /// <summary>Gets the operation timeout in ticks.</summary>
    public int TicksPerTimeout { get; } = (int)Math.Ceiling(Options.OperationTimeout / PeriodOf(Options));

    /// <summary>Gets the stall timeout in ticks.</summary>
    public int StallTicks { get; } = (int)Math.Ceiling(Options.StallTimeout / PeriodOf(Options));

    /// <summary>Gets the idle time in ticks after which the server is probed; 0 disables probes.</summary>
    public int KeepAliveTicks { get; } = (int)(Options.KeepAlive / PeriodOf(Options));

    private static TimeSpan PeriodOf(MemcachedOptions options) =>
        (options.StallTimeout < options.OperationTimeout ? options.StallTimeout : options.OperationTimeout) / TicksPerShortest;
}
