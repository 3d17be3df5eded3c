using System.Diagnostics.Metrics;

namespace NearCache.Benchmarks.Memcached;

/// <summary>Creates meters and listens to all their instruments, summing measurements like an exporter.</summary>
internal sealed class CountingListener : IMeterFactory
{
    private readonly List<Meter> _meters = [];
    private readonly MeterListener _listener = new();
    private readonly long[] _buckets = new long[4];
    private double _sum;

    public CountingListener()
    {
        _listener.InstrumentPublished = (instrument, listener) =>
        {
            if (_meters.Contains(instrument.Meter))
            {
                listener.EnableMeasurementEvents(instrument);
            }
        };
        _listener.SetMeasurementEventCallback<double>((_, value, _, _) =>
        {
            _sum += value;
            Interlocked.Increment(ref _buckets[value < 0.0001 ? 0 : value < 0.001 ? 1 : value < 0.01 ? 2 : 3]);
        });
        _listener.SetMeasurementEventCallback<long>(static (_, _, _, _) => { });
        _listener.Start();
    }

    /// <summary>The number of recorded durations.</summary>
    public long Measurements => _buckets.Sum();

    public Meter Create(MeterOptions options)
    {
        var meter = new Meter(options);
        _meters.Add(meter);
        return meter;
    }

    public void Dispose()
    {
        _listener.Dispose();
        _meters.ForEach(meter => meter.Dispose());
    }
}
