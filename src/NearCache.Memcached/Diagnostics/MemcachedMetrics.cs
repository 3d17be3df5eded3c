using System.Diagnostics.Metrics;

namespace NearCache.Memcached.Diagnostics;

/// <summary>The instruments of the meter <c>NearCache.Memcached</c>. Counted by batches of replies and by connections, never by single operations.</summary>
internal sealed class MemcachedMetrics : IDisposable
{
    public const string MeterName = "NearCache.Memcached";

    private readonly Meter? _own;

    public MemcachedMetrics(IMeterFactory? factory)
    {
        var meter = factory?.Create(MeterName) ?? (_own = new Meter(MeterName));
        Operations = meter.CreateCounter<long>("nearcache.memcached.operations", "{operation}", "Commands that were answered.");
        Bytes = meter.CreateCounter<long>("nearcache.memcached.io", "By", "Bytes sent and received.");
        Connections = meter.CreateUpDownCounter<long>("nearcache.memcached.connections", "{connection}", "Connections that are open.");
        Connects = meter.CreateCounter<long>("nearcache.memcached.connects", "{attempt}", "Attempts to connect, by outcome.");
        Lost = meter.CreateCounter<long>("nearcache.memcached.connections.lost", "{connection}", "Connections that ended unasked, by reason.");
        Failures = meter.CreateCounter<long>("nearcache.memcached.failures", "{operation}", "Calls that failed without an answer, by reason.");
    }

    public Counter<long> Operations { get; }

    public Counter<long> Bytes { get; }

    public UpDownCounter<long> Connections { get; }

    public Counter<long> Connects { get; }

    public Counter<long> Lost { get; }

    public Counter<long> Failures { get; }

    /// <summary>Ends the meter if no factory owns it.</summary>
    public void Dispose() => _own?.Dispose();
}
