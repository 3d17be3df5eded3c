namespace NearCache.Memcached.Diagnostics;

/// <summary>Records the events of one client on one server.</summary>
internal sealed class ServerMetrics
{
    /// <summary>The timestamp that stands for none, used while durations are not recorded.</summary>
    public const long Untimed = long.MinValue;

    private readonly MemcachedMetrics _metrics;
    private readonly ServerCounters _counters;
    private readonly TimeProvider _time;
    private readonly double _seconds;
    private readonly KeyValuePair<string, object?>[][] _durationTags;

    /// <param name="metrics">The instruments of the client.</param>
    /// <param name="counters">The totals of the server.</param>
    /// <param name="operations">The names of operations, by index.</param>
    /// <param name="time">The clock of the client.</param>
    public ServerMetrics(MemcachedMetrics metrics, ServerCounters counters, IReadOnlyList<string> operations, TimeProvider time)
    {
        (_metrics, _counters, _time) = (metrics, counters, time);
        _seconds = 1.0 / time.TimestampFrequency;
        _durationTags = [.. operations.Select(operation => Tags(new("db.system.name", "memcached"), new("db.operation.name", operation)))];
    }

    /// <summary>Returns the current timestamp, or <see cref="Untimed"/> while durations are not recorded.</summary>
    public long GetTimestamp() => _metrics.Duration.Enabled ? _time.GetTimestamp() : Untimed;

    /// <summary>Counts a reply to a command.</summary>
    public void CountReply(int outcome) => _counters.AddOutcome(outcome);

    /// <summary>Records the duration of a call. Either timestamp may be <see cref="Untimed"/>.</summary>
    public void RecordDuration(int operation, long started, long ended)
    {
        if (started != Untimed && ended != Untimed)
        {
            _metrics.Duration.Record((ended - started) * _seconds, _durationTags[operation]);
        }
    }

    /// <summary>Records the duration of a call that failed or was answered with an error.</summary>
    public void RecordDuration(int operation, long started, long ended, string error)
    {
        if (started != Untimed && ended != Untimed)
        {
            _metrics.Duration.Record((ended - started) * _seconds, [.. _durationTags[operation], new("error.type", error)]);
        }
    }

    /// <summary>Records a call that failed without a reply.</summary>
    public void RecordFailure(int operation, int commands, long started, string error)
    {
        _metrics.Failures.Add(commands, [.. _durationTags[operation].AsSpan(1), new("error.type", error)]);
        RecordDuration(operation, started, GetTimestamp(), error);
    }

    public void AddSent(int bytes) => _counters.AddSent(bytes);

    public void AddReceived(int bytes) => _counters.AddReceived(bytes);

    /// <summary>Counts an opened connection.</summary>
    public void Connected(bool isAgain)
    {
        _metrics.Opened.Add(1, _counters.Tags);
        if (isAgain)
        {
            _metrics.Reconnects.Add(1, _counters.Tags);
        }
    }

    public void ConnectFailed(string reason) => _metrics.Refused.Add(1, Tags(new KeyValuePair<string, object?>("reason", reason)));

    public void Disconnected(string reason) => _metrics.Closed.Add(1, Tags(new KeyValuePair<string, object?>("reason", reason)));

    /// <summary>Registers gauges for collection.</summary>
    public void Register(IServerGauges gauges) => _counters.Add(gauges);

    /// <summary>Unregisters gauges.</summary>
    public void Unregister(IServerGauges gauges) => _counters.Remove(gauges);

    private KeyValuePair<string, object?>[] Tags(params ReadOnlySpan<KeyValuePair<string, object?>> first) => [.. first, .. _counters.Tags];
}
