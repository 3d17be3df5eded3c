namespace NearCache.ZooKeeper.Diagnostics;

/// <summary>Records the metrics of one client. Tags have few fixed values and never contain a path.</summary>
internal sealed class SessionMetrics(ZooKeeperMetrics metrics, IReadOnlyList<string> operations) : IDisposable
{
    private ISessionGauges? _gauges;
    private KeyValuePair<string, object?>[] _server = [];
    private KeyValuePair<string, object?>[][] _durationTags = TagsOf(operations, []);
    private bool _wasConnected;

    /// <summary>Gets a value that indicates whether a listener collects durations.</summary>
    public bool IsDurationEnabled => metrics.Duration.Enabled;

    /// <summary>Gets the tags of the current server, or of the last one while the client is disconnected.</summary>
    public IReadOnlyList<KeyValuePair<string, object?>> Server => Volatile.Read(ref _server);

    /// <summary>Registers the client with the gauges.</summary>
    public void Register(ISessionGauges gauges) => metrics.Register(_gauges = gauges);

    /// <summary>Counts an operation that the server answered.</summary>
    /// <param name="outcome">The index of the operation and its outcome in <c>OperationNames.Outcomes</c>.</param>
    public void Answered(int outcome) => metrics.AddOutcome(outcome);

    /// <summary>Records the duration of an operation.</summary>
    /// <param name="operation">The index of the operation.</param>
    /// <param name="duration">The time from the call to the reply or failure.</param>
    /// <param name="error">The value of <c>error.type</c>; null for success.</param>
    public void RecordDuration(int operation, TimeSpan duration, string? error)
    {
        var tags = Volatile.Read(ref _durationTags)[operation];
        metrics.Duration.Record(duration.TotalSeconds, error is null ? tags : [.. tags, new("error.type", error)]);
    }

    /// <summary>Counts an operation that failed without a reply.</summary>
    public void Failed(int operation, string error) =>
        metrics.Failures.Add(1, new("db.operation.name", operations[operation]), new KeyValuePair<string, object?>("error.type", error));

    public void Sent(int bytes) => metrics.AddSent(bytes);

    public void Received(int bytes) => metrics.AddReceived(bytes);

    public void Connected(string address, int port)
    {
        KeyValuePair<string, object?>[] server = [new("server.address", address), new("server.port", port)];
        Volatile.Write(ref _server, server);
        Volatile.Write(ref _durationTags, TagsOf(operations, server));
        metrics.Opened.Add(1, server);
        if (_wasConnected)
        {
            metrics.Reconnects.Add(1, server);
        }

        _wasConnected = true;
    }

    public void ConnectFailed(string address, int port) =>
        metrics.Refused.Add(1, new("server.address", address), new KeyValuePair<string, object?>("server.port", port));

    public void Disconnected(string reason) => metrics.Closed.Add(1, [.. _server, new("reason", reason)]);

    public void SessionMade() => metrics.Sessions.Add(1, new KeyValuePair<string, object?>("kind", "made"));

    public void SessionResumed() => metrics.Sessions.Add(1, new KeyValuePair<string, object?>("kind", "resumed"));

    public void SessionExpired() => metrics.Expired.Add(1);

    public void Notified() => metrics.Notifications.Add(1);

    public void Dispose()
    {
        if (_gauges is not null)
        {
            metrics.Unregister(_gauges);
        }

        metrics.Dispose();
    }

    private static KeyValuePair<string, object?>[][] TagsOf(IReadOnlyList<string> operations, KeyValuePair<string, object?>[] server) =>
        [.. operations.Select(operation =>
            (KeyValuePair<string, object?>[])[new("db.system.name", "zookeeper"), new("db.operation.name", operation), .. server])];
}
