using Microsoft.Extensions.Logging;
using NearCache.Memcached.Diagnostics;
using NearCache.Transport;

namespace NearCache.Memcached.Connections;

/// <summary>What all connections to one server share.</summary>
internal sealed record ConnectionSettings(
    string Server, ServerAddress Address, MemcachedOptions Options, TransportOptions Transport, TimeProvider Time, ILogger Logger, ServerMetrics Metrics)
{
    private const int TicksPerShortest = 8;

    /// <summary>Of the client.</summary>
    public required StarvationWarning Starvation { get; init; }

    /// <summary>How often a connection looks at what waits.</summary>
    public TimeSpan TickPeriod { get; } = PeriodOf(Options);

    /// <summary>Ticks in an operation timeout.</summary>
    public int TicksPerTimeout { get; } = (int)Math.Ceiling(Options.OperationTimeout / PeriodOf(Options));

    /// <summary>Ticks in a stall timeout.</summary>
    public int StallTicks { get; } = (int)Math.Ceiling(Options.StallTimeout / PeriodOf(Options));

    /// <summary>Ticks of idleness after which the server is asked whether it is there; 0 is never.</summary>
    public int KeepAliveTicks { get; } = (int)(Options.KeepAlive / PeriodOf(Options));

    private static TimeSpan PeriodOf(MemcachedOptions options) =>
        (options.StallTimeout < options.OperationTimeout ? options.StallTimeout : options.OperationTimeout) / TicksPerShortest;
}
