using System.Diagnostics.Metrics;
using System.Runtime.CompilerServices;

namespace NearCache.ZooKeeper.Diagnostics;

/// <summary>The instruments of the meter <c>NearCache.ZooKeeper</c>; docs/metrics-and-traces.md lists them.</summary>
/// <remarks>
/// What happens all the time is added up where it happens, and read from there when somebody collects. Only durations are recorded one by
/// one, while somebody listens. TestClients whose meters come from one factory share the instruments: what they did is added up.
/// </remarks>
internal sealed class ZooKeeperMetrics : IDisposable
{
    public const string MeterName = "NearCache.ZooKeeper";

    private static readonly ConditionalWeakTable<Meter, ZooKeeperMetrics> Shared = [];

    // OpenTelemetry's, and three below its first: as the memcached client has them.
    private static readonly InstrumentAdvice<double> Buckets = new()
    {
        HistogramBucketBoundaries = [0.0001, 0.00025, 0.0005, 0.001, 0.005, 0.01, 0.05, 0.1, 0.5, 1, 5, 10],
    };

    private readonly Lock _lock = new();   // guards the change of the views
    private readonly IReadOnlyList<OperationOutcome> _answers;
    private readonly long[] _answered;
    private readonly Meter _meter;
    private readonly bool _isOwn;
    private volatile ISessionGauges[] _views = [];
    private long _sent;
    private long _received;

    private ZooKeeperMetrics(Meter meter, bool isOwn, IReadOnlyList<OperationOutcome> answers)
    {
        (_meter, _isOwn, _answers, _answered) = (meter, isOwn, answers, new long[answers.Count]);
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
            "nearcache.zookeeper.in_flight", () => _views.Sum(view => view.InFlight), "{operation}", "Calls that wait for their answer.");
        meter.CreateObservableUpDownCounter(
            "nearcache.zookeeper.connections", () => _views.Count(IsConnected), "{connection}", "Connections that are open.");
        meter.CreateObservableUpDownCounter(
            "nearcache.zookeeper.watches", () => _views.Sum(view => view.Watches), "{watch}", "Watches that are set.");
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

    /// <summary>Those of the factory's meter, or some of its own.</summary>
    /// <param name="factory">Owns the meter; null: the caller does.</param>
    /// <param name="answers">What can be counted, in the order of the numbers by which it is.</param>
    public static ZooKeeperMetrics GetOrCreate(IMeterFactory? factory, IReadOnlyList<OperationOutcome> answers) => factory is null
        ? new ZooKeeperMetrics(new Meter(MeterName), isOwn: true, answers)
        : Shared.GetValue(factory.Create(MeterName), meter => new ZooKeeperMetrics(meter, isOwn: false, answers));

    public void AddAnswer(int answer) => Interlocked.Increment(ref _answered[answer]);

    public void AddSent(int bytes) => Interlocked.Add(ref _sent, bytes);

    public void AddReceived(int bytes) => Interlocked.Add(ref _received, bytes);

    /// <summary>From now on <paramref name="view"/> is asked when somebody collects.</summary>
    public void Register(ISessionGauges view)
    {
        lock (_lock)
        {
            _views = [.. _views, view];
        }
    }

    /// <summary>The client is no more.</summary>
    public void Unregister(ISessionGauges view)
    {
        lock (_lock)
        {
            _views = [.. _views.Where(other => other != view)];
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

    private static bool IsConnected(ISessionGauges view) => view.State is ZooKeeperState.Connected or ZooKeeperState.ConnectedReadOnly;

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
        from i in Enumerable.Range(0, _answers.Count)
        let count = Interlocked.Read(ref _answered[i])
        where count > 0
        select new Measurement<long>(
            count, new("db.operation.name", _answers[i].Operation), new KeyValuePair<string, object?>("outcome", _answers[i].Outcome));

    private Measurement<long>[] Bytes() =>
    [
        new(Interlocked.Read(ref _sent), new KeyValuePair<string, object?>("network.io.direction", "transmit")),
        new(Interlocked.Read(ref _received), new KeyValuePair<string, object?>("network.io.direction", "receive")),
    ];

    private IEnumerable<Measurement<int>> States()
    {
        var states = _views.Select(view => view.State).ToArray();
        return Enum.GetValues<ZooKeeperState>().Select(
            state => new Measurement<int>(
                states.Count(current => current == state), new KeyValuePair<string, object?>("state", NameOf(state))));
    }
}

/// <summary>An operation and how it was answered, in the words of the metrics.</summary>
internal readonly record struct OperationOutcome(string Operation, string Outcome);

/// <summary>How one client stands, asked when somebody collects, from any thread.</summary>
internal interface ISessionGauges
{
    ZooKeeperState State { get; }

    int InFlight { get; }

    int Watches { get; }
}
