using System.Diagnostics.Metrics;
using System.Runtime.CompilerServices;

namespace NearCache.ZooKeeper.Diagnostics;

/// <summary>The instruments of the meter <c>NearCache.ZooKeeper</c>; docs/metrics-and-traces.md lists them.</summary>
/// <remarks>
/// <para>
/// The folder <c>Diagnostics</c> holds everything that operators see: metrics (this class), spans (<see cref="ZooKeeperTraces"/>) and log
/// events (<see cref="Log"/>).
/// </para>
/// <para>
/// Frequent events are counted in fields, which observable instruments read at collection. Only durations are recorded one by one, and only
/// while a listener collects them. Clients whose meters come from one factory share the instruments; their counts are summed.
/// </para>
/// </remarks>
internal sealed class ZooKeeperMetrics : IDisposable
{
    public const string MeterName = "NearCache.ZooKeeper";

    private static readonly ConditionalWeakTable<Meter, ZooKeeperMetrics> Shared = [];

    // The boundaries of OpenTelemetry and three smaller ones, the same as those of the memcached client.
    private static readonly InstrumentAdvice<double> Buckets = new()
    {
        HistogramBucketBoundaries = [0.0001, 0.00025, 0.0005, 0.001, 0.005, 0.01, 0.05, 0.1, 0.5, 1, 5, 10],
    };

    private readonly Lock _lock = new();   // guards writes of _sessions
    private readonly IReadOnlyList<OperationOutcome> _outcomes;
    private readonly long[] _counts;
    private readonly Meter _meter;
    private readonly bool _isOwn;
    private volatile ISessionGauges[] _sessions = [];
    private long _sent;
    private long _received;

    private ZooKeeperMetrics(Meter meter, bool isOwn, IReadOnlyList<OperationOutcome> outcomes)
    {
        (_meter, _isOwn, _outcomes, _counts) = (meter, isOwn, outcomes, new long[outcomes.Count]);
        Duration = meter.CreateHistogram(
            "db.client.operation.duration",
            "s",
            "How long calls took, from the call to its answer or failure.",
            tags: null,
            advice: Buckets);
        Failures = meter.CreateCounter<long>(
            "nearcache.zookeeper.failures", "{operation}", "Calls that failed without an answer, by what was wrong.");
        Opened = meter.CreateCounter<long>("nearcache.zookeeper.connections.opened", "{connection}", "Connections that were made.");
        Reconnects = meter.CreateCounter<long>(
            "nearcache.zookeeper.connections.reconnects", "{connection}", "Connections that were made in place of one that had ended.");
        Closed = meter.CreateCounter<long>("nearcache.zookeeper.connections.closed", "{connection}", "Connections that ended, by reason.");
        Refused = meter.CreateCounter<long>("nearcache.zookeeper.connections.failed", "{attempt}", "Attempts to connect that failed.");
        Sessions = meter.CreateCounter<long>(
            "nearcache.zookeeper.sessions.opened", "{session}", "Sessions that were made, or went on at another connection.");
        Expired = meter.CreateCounter<long>("nearcache.zookeeper.sessions.expired", "{session}", "Sessions that expired.");
        Notifications = meter.CreateCounter<long>(
            "nearcache.zookeeper.watches.fired", "{notification}", "Notifications of watches that came.");
        meter.CreateObservableCounter("nearcache.zookeeper.operations", Answered, "{operation}", "Calls that were answered, by outcome.");
        meter.CreateObservableCounter("nearcache.zookeeper.io", Bytes, "By", "Bytes sent and received, the opening of sessions left out.");
        meter.CreateObservableUpDownCounter(
            "nearcache.zookeeper.in_flight",
            () => _sessions.Sum(session => session.InFlight),
            "{operation}",
            "Calls that wait for their answer.");
        meter.CreateObservableUpDownCounter(
            "nearcache.zookeeper.connections", () => _sessions.Count(IsConnected), "{connection}", "Connections that are open.");
        meter.CreateObservableUpDownCounter(
            "nearcache.zookeeper.watches", () => _sessions.Sum(session => session.Watches), "{watch}", "Watches that are set.");
        meter.CreateObservableUpDownCounter(
            "nearcache.zookeeper.session.state", States, "{session}", "1 for the state that the session is in, 0 for the others.");
    }

    public Histogram<double> Duration { get; }

    public Counter<long> Failures { get; }

    public Counter<long> Opened { get; }

    public Counter<long> Reconnects { get; }

    public Counter<long> Closed { get; }

    public Counter<long> Refused { get; }

    public Counter<long> Sessions { get; }

    public Counter<long> Expired { get; }

    public Counter<long> Notifications { get; }

    /// <summary>Returns the instruments of the factory's meter, which clients share, or creates a meter for this client.</summary>
    /// <param name="factory">The owner of the meter. Null: the caller owns it.</param>
    /// <param name="outcomes">The operations and outcomes that are counted, by index.</param>
    public static ZooKeeperMetrics GetOrCreate(IMeterFactory? factory, IReadOnlyList<OperationOutcome> outcomes) => factory is null
        ? new ZooKeeperMetrics(new Meter(MeterName), isOwn: true, outcomes)
        : Shared.GetValue(factory.Create(MeterName), meter => new ZooKeeperMetrics(meter, isOwn: false, outcomes));

    public void AddOutcome(int outcome) => Interlocked.Increment(ref _counts[outcome]);

    public void AddSent(int bytes) => Interlocked.Add(ref _sent, bytes);

    public void AddReceived(int bytes) => Interlocked.Add(ref _received, bytes);

    /// <summary>Registers a client with the observable instruments.</summary>
    public void Register(ISessionGauges session)
    {
        lock (_lock)
        {
            _sessions = [.. _sessions, session];
        }
    }

    /// <summary>Removes a client from the observable instruments.</summary>
    public void Unregister(ISessionGauges session)
    {
        lock (_lock)
        {
            _sessions = [.. _sessions.Where(other => other != session)];
        }
    }

    /// <summary>Disposes the meter if no factory owns it.</summary>
    public void Dispose()
    {
        if (_isOwn)
        {
            _meter.Dispose();
        }
    }

    private static bool IsConnected(ISessionGauges session) =>
        session.State is ZooKeeperState.Connected or ZooKeeperState.ConnectedReadOnly;

    private static string NameOf(ZooKeeperState state) => state switch
    {
        ZooKeeperState.Connecting => "connecting",
        ZooKeeperState.Connected => "connected",
        ZooKeeperState.ConnectedReadOnly => "connected_read_only",
        ZooKeeperState.Expired => "expired",
        ZooKeeperState.AuthenticationFailed => "authentication_failed",
        _ => "closed",
    };

    private IEnumerable<Measurement<long>> Answered() =>
        from i in Enumerable.Range(0, _outcomes.Count)
        let count = Interlocked.Read(ref _counts[i])
        where count > 0
        select new Measurement<long>(
            count, new("db.operation.name", _outcomes[i].Operation), new KeyValuePair<string, object?>("outcome", _outcomes[i].Outcome));

    private Measurement<long>[] Bytes() =>
    [
        new(Interlocked.Read(ref _sent), new KeyValuePair<string, object?>("network.io.direction", "transmit")),
        new(Interlocked.Read(ref _received), new KeyValuePair<string, object?>("network.io.direction", "receive")),
    ];

    private IEnumerable<Measurement<int>> States()
    {
        var states = _sessions.Select(session => session.State).ToArray();
        return Enum.GetValues<ZooKeeperState>().Select(
            state => new Measurement<int>(
                states.Count(current => current == state), new KeyValuePair<string, object?>("state", NameOf(state))));
    }
}

/// <summary>An operation and its outcome, as values of metric tags.</summary>
internal readonly record struct OperationOutcome(string Operation, string Outcome);

/// <summary>State of one client, read by the metrics collector. Thread-safe.</summary>
internal interface ISessionGauges
{
    ZooKeeperState State { get; }

    int InFlight { get; }

    int Watches { get; }
}
