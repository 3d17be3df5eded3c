using Microsoft.Extensions.Logging.Abstractions;
using NearCache.Coherence.Ledger;
using NearCache.Diagnostics;
using NearCache.TestSupport.Diagnostics;

namespace NearCache.Tests.Coherence.Ledger;

public sealed class GateMonitorTests : IDisposable
{
    private readonly MeterRecorder _recorder = new();
    private readonly NearCacheMetrics _metrics;
    private readonly GateMonitor _gate;

    public GateMonitorTests()
    {
        _metrics = new NearCacheMetrics(_recorder);
        _gate = new GateMonitor("one:11211", maxStaleness: 5000, _metrics, NullLogger.Instance);
        _gate.Begin(1000);
    }

    private double Closed => _recorder.Sum("nearcache.near.gate_closed");

    [Fact]
    public void A_gate_is_closed_from_the_beginning_until_it_is_seen_open()
    {
        _gate.Observe(isOpen: false, 1500);
        Assert.Equal(0.5, Closed);
        _gate.Observe(isOpen: true, 2000);
        Assert.Equal(1, Closed);
        _gate.Observe(isOpen: true, 9000);
        Assert.Equal(1, Closed);
    }

    [Fact]
    public void The_time_until_it_is_seen_closed_counts_as_open()
    {
        _gate.Observe(isOpen: true, 1000);
        _gate.Observe(isOpen: false, 8000);
        Assert.Equal(0, Closed);
        _gate.Observe(isOpen: true, 8250);
        Assert.Equal(0.25, Closed);
    }

    public void Dispose()
    {
        _metrics.Dispose();
        _recorder.Dispose();
    }
}
