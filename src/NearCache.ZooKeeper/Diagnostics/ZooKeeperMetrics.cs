using System.Diagnostics.Metrics;

namespace NearCache.ZooKeeper.Diagnostics;

/// <summary>The meter <c>NearCache.ZooKeeper</c>. Methods are named after what happened; tags take few fixed values, never a path.</summary>
internal sealed class ZooKeeperMetrics : IDisposable
{
    public const string MeterName = "NearCache.ZooKeeper";
    private readonly Meter _meter;
    private readonly Histogram<double> _duration;
    private readonly Counter<long> _connects;
    private readonly Counter<long> _lost;
    private readonly Counter<long> _sessions;
    private readonly Counter<long> _expired;
    private readonly Counter<long> _notifications;

    public ZooKeeperMetrics(IMeterFactory? factory, Func<int> outstanding, Func<int> watches, Func<ZooKeeperState> state)
    {
        _meter = factory?.Create(MeterName) ?? new Meter(MeterName);
        _duration = _meter.CreateHistogram<double>("zookeeper.client.operation.duration", "s", "From the call to the reply, by operation and outcome.");
        _connects = _meter.CreateCounter<long>("zookeeper.client.connection.attempts", "{attempt}", "Attempts to connect, by outcome.");
        _lost = _meter.CreateCounter<long>("zookeeper.client.connection.losses", "{connection}", "Connections lost, by reason.");
        _sessions = _meter.CreateCounter<long>("zookeeper.client.session.openings", "{session}", "Sessions made or resumed.");
        _expired = _meter.CreateCounter<long>("zookeeper.client.session.expirations", "{session}", "Sessions that expired.");
        _notifications = _meter.CreateCounter<long>("zookeeper.client.watch.notifications", "{notification}", "Notifications of watches received.");
        _meter.CreateObservableUpDownCounter("zookeeper.client.operation.outstanding", outstanding, "{operation}", "Operations without an outcome.");
        _meter.CreateObservableUpDownCounter("zookeeper.client.watch.count", watches, "{watch}", "Paths that are watched.");
        _meter.CreateObservableGauge("zookeeper.client.connected", () => state() is ZooKeeperState.Connected or ZooKeeperState.ConnectedReadOnly ? 1 : 0, "{connection}", "1 while connected.");
    }

    /// <summary>Whether anybody wants durations.</summary>
    public bool IsTimed => _duration.Enabled;

    public void Answered(string operation, bool succeeded, TimeSpan duration) => _duration.Record(
        duration.TotalSeconds, new("operation", operation), new KeyValuePair<string, object?>("outcome", succeeded ? "ok" : "error"));

    public void Connected() => _connects.Add(1, new KeyValuePair<string, object?>("outcome", "ok"));

    public void ConnectFailed() => _connects.Add(1, new KeyValuePair<string, object?>("outcome", "failed"));

    public void ConnectionLost(string reason) => _lost.Add(1, new KeyValuePair<string, object?>("reason", reason));

    public void SessionMade() => _sessions.Add(1, new KeyValuePair<string, object?>("kind", "made"));

    public void SessionResumed() => _sessions.Add(1, new KeyValuePair<string, object?>("kind", "resumed"));

    public void SessionExpired() => _expired.Add(1);

    public void Notified() => _notifications.Add(1);

    public void Dispose() => _meter.Dispose();
}
