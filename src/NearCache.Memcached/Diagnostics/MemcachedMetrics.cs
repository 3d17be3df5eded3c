using System.Diagnostics.Metrics;
using System.Runtime.CompilerServices;

namespace NearCache.Memcached.Diagnostics;

/// <summary>A command and its outcome, as named in the metrics.</summary>
internal readonly record struct CommandOutcome(string Operation, string Outcome);

/// <summary>The instruments of the meter <c>NearCache.Memcached</c>, which docs/metrics-and-traces.md lists.</summary>
/// <remarks>
/// Frequent events are summed where they occur and read by observable instruments. Only durations are recorded one by one, and only while a
/// listener is enabled. Clients whose meters come from one factory share the instruments: their totals per server are added.
/// </remarks>
internal sealed class MemcachedMetrics : IDisposable
{
    public const string MeterName = "NearCache.Memcached";

    private static readonly ConditionalWeakTable<Meter, MemcachedMetrics> Shared = [];

    // OpenTelemetry's boundaries, and three below the first: memcached replies within a millisecond.
    private static readonly InstrumentAdvice<double> Buckets = new()
    {
        HistogramBucketBoundaries = [0.0001, 0.00025, 0.0005, 0.001, 0.005, 0.01, 0.05, 0.1, 0.5, 1, 5, 10],
    };

    private readonly Lock _lock = new();   // guards additions to `_servers`
    private readonly IReadOnlyList<CommandOutcome> _outcomes;
    private readonly Meter _meter;
    private readonly bool _isOwn;
    private volatile ServerCounters[] _servers = [];

    private MemcachedMetrics(Meter meter, bool isOwn, IReadOnlyList<CommandOutcome> outcomes)
    {
        (_meter, _isOwn, _outcomes) = (meter, isOwn, outcomes);
        Duration = meter.CreateHistogram(
            "db.client.operation.duration",
            "s",
            "The duration of calls, from the call to its reply or failure.",
            tags: null,
            advice: Buckets);
        Failures = meter.CreateCounter<long>(
            "nearcache.memcached.failures", "{operation}", "Commands that failed without a reply, by error type.");
        Opened = meter.CreateCounter<long>("nearcache.memcached.connections.opened", "{connection}", "Connections that were made.");
        Reconnects = meter.CreateCounter<long>(
            "nearcache.memcached.connections.reconnects", "{connection}", "Connections that were made in place of one that had ended.");
        Closed = meter.CreateCounter<long>("nearcache.memcached.connections.closed", "{connection}", "Connections that ended, by reason.");
        Refused = meter.CreateCounter<long>(
            "nearcache.memcached.connections.failed", "{attempt}", "Attempts to connect that failed, by reason.");
        meter.CreateObservableCounter(
            "nearcache.memcached.operations", MeasureReplies, "{operation}", "Commands that were answered by the server, by outcome.");
        meter.CreateObservableCounter("nearcache.memcached.io", MeasureBytes, "By", "Bytes sent and received.");
        meter.CreateObservableUpDownCounter(
            "nearcache.memcached.in_flight",
            () => Gauges((totals, gauges) => totals.Measure(gauges.Sum(gauge => (long)gauge.InFlight))),
            "{operation}",
            "Commands in flight.");
        meter.CreateObservableUpDownCounter(
            "nearcache.memcached.connections",
            () => Gauges((totals, gauges) => totals.Measure(gauges.Sum(gauge => (long)gauge.OpenConnections))),
            "{connection}",
            "Connections that are open.");
        meter.CreateObservableUpDownCounter(
            "nearcache.memcached.connections.limit",
            () => Gauges((totals, gauges) => totals.Measure(gauges.Sum(gauge => (long)gauge.ConnectionLimit))),
            "{connection}",
            "Connections that are open when all is well: ConnectionsPerServer.");
        meter.CreateObservableUpDownCounter(
            "nearcache.memcached.server.state", MeasureStates, "{server}", "1 for the state that a server is in, 0 for the others.");
    }

    public Histogram<double> Duration { get; }

    public Counter<long> Failures { get; }

    public Counter<long> Opened { get; }

    public Counter<long> Reconnects { get; }

    public Counter<long> Closed { get; }

    public Counter<long> Refused { get; }

    /// <summary>Returns the shared instruments of the factory's meter, or new ones.</summary>
    /// <param name="factory">Owns the meter. If null, the returned object owns it.</param>
    /// <param name="outcomes">The outcomes that can be counted, by index.</param>
    public static MemcachedMetrics GetOrCreate(IMeterFactory? factory, IReadOnlyList<CommandOutcome> outcomes) => factory is null
        ? new MemcachedMetrics(new Meter(MeterName), isOwn: true, outcomes)
        : Shared.GetValue(factory.Create(MeterName), meter => new MemcachedMetrics(meter, isOwn: false, outcomes));

    /// <summary>Returns the totals of a server, shared by all clients. They are never removed, so that totals never decrease.</summary>
    public ServerCounters CountersOf(string address, int port)
    {
        lock (_lock)
        {
            var totals = Array.Find(_servers, server => server.Address == address && server.Port == port);
            if (totals is null)
            {
                totals = new ServerCounters(address, port, _outcomes.Count);
                _servers = [.. _servers, totals];
            }

            return totals;
        }
    }

    /// <summary>Disposes the meter unless a factory owns it.</summary>
    public void Dispose()
    {
        if (_isOwn)
        {
            _meter.Dispose();
        }
    }

    private IEnumerable<Measurement<long>> MeasureReplies() =>
        from totals in _servers
        from i in Enumerable.Range(0, _outcomes.Count)
        let count = totals.Outcomes(i)
        where count > 0
        select totals.Measure(count, new("db.operation.name", _outcomes[i].Operation), new("outcome", _outcomes[i].Outcome));

    private IEnumerable<Measurement<long>> MeasureBytes() => _servers.SelectMany(totals => new[]
    {
        totals.Measure(totals.Sent, new KeyValuePair<string, object?>("network.io.direction", "transmit")),
        totals.Measure(totals.Received, new KeyValuePair<string, object?>("network.io.direction", "receive")),
    });

    private IEnumerable<Measurement<long>> MeasureStates() =>
        from totals in _servers
        let states = totals.Gauges.Select(gauge => gauge.State).ToArray()
        where states.Length > 0
        from state in Enum.GetValues<MemcachedServerState>()
        select totals.Measure(states.LongCount(current => current == state), new KeyValuePair<string, object?>("state", NameOf(state)));

    private IEnumerable<Measurement<long>> Gauges(Func<ServerCounters, IReadOnlyList<IServerGauges>, Measurement<long>> measure) =>
        _servers.Where(totals => totals.Gauges.Count > 0).Select(totals => measure(totals, totals.Gauges));

    private static string NameOf(MemcachedServerState state) => state switch
    {
        MemcachedServerState.Unused => "unused",
        MemcachedServerState.Connecting => "connecting",
        MemcachedServerState.Up => "up",
        MemcachedServerState.Down => "down",
        _ => "closed",
    };
}
