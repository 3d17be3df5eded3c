using System.Diagnostics.Metrics;
using System.Runtime.CompilerServices;

namespace NearCache.Memcached.Diagnostics;

/// <summary>A command and how it was answered, in the words of the metrics.</summary>
internal readonly record struct CommandOutcome(string Operation, string Outcome);

/// <summary>The instruments of the meter <c>NearCache.Memcached</c>; docs/metrics-and-traces.md lists them.</summary>
/// <remarks>
/// What happens all the time is added up where it happens, and read from there when somebody collects. Only durations are recorded one by
/// one, while somebody listens. Clients whose meters come from one factory share the instruments: what they did on one server is added up.
/// </remarks>
internal sealed class MemcachedMetrics : IDisposable
{
    public const string MeterName = "NearCache.Memcached";

    private static readonly ConditionalWeakTable<Meter, MemcachedMetrics> Shared = [];

    // OpenTelemetry's, and three below its first: memcached answers within a millisecond.
    private static readonly InstrumentAdvice<double> Buckets = new()
    {
        HistogramBucketBoundaries = [0.0001, 0.00025, 0.0005, 0.001, 0.005, 0.01, 0.05, 0.1, 0.5, 1, 5, 10],
    };

    private readonly Lock _lock = new();   // guards the growing of the list of servers
    private readonly IReadOnlyList<CommandOutcome> _answers;
    private readonly Meter _meter;
    private readonly bool _isOwn;
    private volatile ServerCounters[] _servers = [];

    private MemcachedMetrics(Meter meter, bool isOwn, IReadOnlyList<CommandOutcome> answers)
    {
        (_meter, _isOwn, _answers) = (meter, isOwn, answers);
        Duration = meter.CreateHistogram(
            "db.client.operation.duration",
            "s",
            "How long calls took, from the call to its answer or failure.",
            tags: null,
            advice: Buckets);
        Failures = meter.CreateCounter<long>(
            "nearcache.memcached.failures", "{operation}", "Commands that failed without an answer, by what was wrong.");
        Opened = meter.CreateCounter<long>("nearcache.memcached.connections.opened", "{connection}", "Connections that were made.");
        Reconnects = meter.CreateCounter<long>(
            "nearcache.memcached.connections.reconnects", "{connection}", "Connections that were made in place of one that had ended.");
        Closed = meter.CreateCounter<long>("nearcache.memcached.connections.closed", "{connection}", "Connections that ended, by reason.");
        Refused = meter.CreateCounter<long>(
            "nearcache.memcached.connections.failed", "{attempt}", "Attempts to connect that failed, by reason.");
        meter.CreateObservableCounter(
            "nearcache.memcached.operations", Answered, "{operation}", "Commands that were answered, by outcome.");
        meter.CreateObservableCounter("nearcache.memcached.io", Bytes, "By", "Bytes sent and received.");
        meter.CreateObservableUpDownCounter(
            "nearcache.memcached.in_flight",
            () => Views((totals, views) => totals.Measure(views.Sum(view => (long)view.InFlight))),
            "{operation}",
            "Commands that wait for their answer.");
        meter.CreateObservableUpDownCounter(
            "nearcache.memcached.connections",
            () => Views((totals, views) => totals.Measure(views.Sum(view => (long)view.OpenConnections))),
            "{connection}",
            "Connections that are open.");
        meter.CreateObservableUpDownCounter(
            "nearcache.memcached.server.state", States, "{server}", "1 for the state that a server is in, 0 for the others.");
    }

    public Histogram<double> Duration { get; }

    public Counter<long> Failures { get; }

    public Counter<long> Opened { get; }

    public Counter<long> Reconnects { get; }

    public Counter<long> Closed { get; }

    public Counter<long> Refused { get; }

    /// <summary>Those of the factory's meter, or some of its own.</summary>
    /// <param name="factory">Owns the meter; null: the caller does.</param>
    /// <param name="answers">What can be counted, in the order of the numbers by which it is.</param>
    public static MemcachedMetrics GetOrCreate(IMeterFactory? factory, IReadOnlyList<CommandOutcome> answers) => factory is null
        ? new MemcachedMetrics(new Meter(MeterName), isOwn: true, answers)
        : Shared.GetValue(factory.Create(MeterName), meter => new MemcachedMetrics(meter, isOwn: false, answers));

    /// <summary>What is added up for a server, by whichever client. Kept, so that sums never fall.</summary>
    public ServerCounters CountersOf(string address, int port)
    {
        lock (_lock)
        {
            var totals = Array.Find(_servers, server => server.Address == address && server.Port == port);
            if (totals is null)
            {
                totals = new ServerCounters(address, port, _answers.Count);
                _servers = [.. _servers, totals];
            }

            return totals;
        }
    }

    /// <summary>Ends the meter if no factory owns it.</summary>
    public void Dispose()
    {
        if (_isOwn)
        {
            _meter.Dispose();
        }
    }

    private IEnumerable<Measurement<long>> Answered() =>
        from totals in _servers
        from i in Enumerable.Range(0, _answers.Count)
        let count = totals.Answered(i)
        where count > 0
        select totals.Measure(count, new("db.operation.name", _answers[i].Operation), new("outcome", _answers[i].Outcome));

    private IEnumerable<Measurement<long>> Bytes() => _servers.SelectMany(totals => new[]
    {
        totals.Measure(totals.Sent, new KeyValuePair<string, object?>("network.io.direction", "transmit")),
        totals.Measure(totals.Received, new KeyValuePair<string, object?>("network.io.direction", "receive")),
    });

    private IEnumerable<Measurement<long>> States() =>
        from totals in _servers
        let states = totals.Views.Select(view => view.State).ToArray()
        where states.Length > 0
        from state in Enum.GetValues<MemcachedServerState>()
        select totals.Measure(states.LongCount(current => current == state), new KeyValuePair<string, object?>("state", NameOf(state)));

    private IEnumerable<Measurement<long>> Views(Func<ServerCounters, IReadOnlyList<IServerGauges>, Measurement<long>> measure) =>
        _servers.Where(totals => totals.Views.Count > 0).Select(totals => measure(totals, totals.Views));

    private static string NameOf(MemcachedServerState state) => state switch
    {
        MemcachedServerState.Unused => "unused",
        MemcachedServerState.Connecting => "connecting",
        MemcachedServerState.Up => "up",
        MemcachedServerState.Down => "down",
        _ => "closed",
    };
}
