using System.Collections.Concurrent;
using System.Diagnostics.Metrics;
using System.Globalization;

namespace NearCache.TestSupport.Diagnostics;

/// <summary>Makes meters, as a container's factory one a name, and listens to them alone.</summary>
public sealed class MeterRecorder : IMeterFactory
{
    private readonly ConcurrentDictionary<string, Meter> _meters = new();
    private readonly ConcurrentQueue<RecordedMeasurement> _told = new();
    private readonly ConcurrentQueue<Instrument> _instruments = new();
    private readonly Lock _collecting = new();   // guards what one collection yields
    private readonly List<RecordedMeasurement> _collected = [];
    private readonly MeterListener _listener = new();

    /// <summary>Begins to listen.</summary>
    public MeterRecorder()
    {
        _listener.InstrumentPublished = (instrument, listener) =>
        {
            if (_meters.TryGetValue(instrument.Meter.Name, out var meter) && ReferenceEquals(meter, instrument.Meter))
            {
                _instruments.Enqueue(instrument);
                listener.EnableMeasurementEvents(instrument);
            }
        };
        _listener.SetMeasurementEventCallback<int>(Note);
        _listener.SetMeasurementEventCallback<long>(Note);
        _listener.SetMeasurementEventCallback<double>(Note);
        _listener.Start();
    }

    /// <summary>The instruments that were made.</summary>
    public IReadOnlyCollection<Instrument> Instruments => _instruments;

    /// <inheritdoc/>
    public Meter Create(MeterOptions options) => _meters.GetOrAdd(options.Name, static (_, options) => new Meter(options), options);

    /// <summary>All that was told so far, and what the observable instruments say now.</summary>
    public IReadOnlyList<RecordedMeasurement> All()
    {
        lock (_collecting)
        {
            _collected.Clear();
            _listener.RecordObservableInstruments();
            // A copy of the queue first: other threads add to it, and the length of the result is counted before.
            return [.. _told.ToArray(), .. _collected];
        }
    }

    /// <summary>The sum of an instrument's measurements that have all of these tags.</summary>
    public double Sum(string instrument, params string[] tags) =>
        All().Where(measured => measured.Instrument == instrument && measured.Has(tags)).Sum(measured => measured.Value);

    /// <summary>How many there are.</summary>
    public int Count(string instrument, params string[] tags) =>
        All().Count(measured => measured.Instrument == instrument && measured.Has(tags));

    /// <inheritdoc/>
    public void Dispose()
    {
        _listener.Dispose();
        foreach (var meter in _meters.Values)
        {
            meter.Dispose();
        }
    }

    private void Note<T>(Instrument instrument, T value, ReadOnlySpan<KeyValuePair<string, object?>> tags, object? state)
        where T : struct
    {
        var measured = new RecordedMeasurement(
            instrument.Name, Convert.ToDouble(
                value,
                CultureInfo.InvariantCulture), [.. tags.ToArray()
                    .Select(tag => string.Create(CultureInfo.InvariantCulture, $"{tag.Key}={tag.Value}"))]);
        if (instrument.IsObservable)
        {
            _collected.Add(measured);
        }
        else
        {
            _told.Enqueue(measured);
        }
    }
}
