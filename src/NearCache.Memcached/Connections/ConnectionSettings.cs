using Microsoft.Extensions.Logging;
using NearCache.Memcached.Diagnostics;
using NearCache.Transport;

namespace NearCache.Memcached.Connections;

/// <summary>What all connections to one server share.</summary>
internal sealed record ConnectionSettings(
    string Server, ServerAddress Address, MemcachedOptions Options, TransportOptions Transport, TimeProvider Time, ILogger Logger, ServerMetrics Metrics)
{
    /// <summary>Ticks in an operation timeout.</summary>
    public const int TicksPerTimeout = 8;

    /// <summary>How often a connection looks at what waits.</summary>
    public TimeSpan TickPeriod { get; } = Options.OperationTimeout / TicksPerTimeout;

    /// <summary>Ticks of idleness after which the server is asked whether it is there; 0 is never.</summary>
    public int KeepAliveTicks { get; } = (int)(Options.KeepAlive / (Options.OperationTimeout / TicksPerTimeout));
}
