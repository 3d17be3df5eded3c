namespace NearCache.ZooKeeper.Diagnostics;

/// <summary>What happened to one client. Methods are named after what happened; tags take few fixed values, never a path.</summary>
internal sealed class SessionMetrics(ZooKeeperMetrics metrics, IReadOnlyList<string> operations) : IDisposable
{
    private ISessionGauges? _view;
    private KeyValuePair<string, object?>[] _server = [];
    private KeyValuePair<string, object?>[][] _durationTags = TagsOf(operations, []);
    private bool _wasConnected;

    /// <summary>Whether anybody wants durations.</summary>
    public bool IsDurationEnabled => metrics.Duration.Enabled;

    /// <summary>The server that is or was connected, as tags.</summary>
    public IReadOnlyList<KeyValuePair<string, object?>> Server => Volatile.Read(ref _server);

    /// <summary>The client is there: from now on <paramref name="view"/> is asked when somebody collects.</summary>
    public void Register(ISessionGauges view) => metrics.Register(_view = view);

    /// <summary>A call was answered.</summary>
    public void Answered(int answer) => metrics.AddAnswer(answer);

    /// <summary>A call took so long; <paramref name="error"/> says that it did not succeed.</summary>
    public void RecordDuration(int operation, TimeSpan duration, string? error)
    {
        var tags = Volatile.Read(ref _durationTags)[operation];
        metrics.Duration.Record(duration.TotalSeconds, error is null ? tags : [.. tags, new("error.type", error)]);
    }

    /// <summary>A call has failed without an answer.</summary>
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
        if (_view is not null)
        {
            metrics.Unregister(_view);
        }

        metrics.Dispose();
    }

    private static KeyValuePair<string, object?>[][] TagsOf(IReadOnlyList<string> operations, KeyValuePair<string, object?>[] server) =>
        [.. operations.Select(operation => (KeyValuePair<string, object?>[])[new("db.system.name", "zookeeper"), new("db.operation.name", operation), .. server])];
}
