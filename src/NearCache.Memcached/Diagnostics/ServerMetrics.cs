namespace NearCache.Memcached.Diagnostics;

/// <summary>What happened on one server, as one client tells it.</summary>
internal sealed class ServerMetrics
{
    /// <summary>An instant that was not taken, because nobody wants durations.</summary>
    public const long Untimed = long.MinValue;

    private readonly MemcachedMetrics _metrics;
    private readonly ServerCounters _counters;
    private readonly TimeProvider _time;
    private readonly double _seconds;
    private readonly KeyValuePair<string, object?>[][] _durationTags;

    /// <param name="metrics">The client's.</param>
    /// <param name="counters">The server's.</param>
    /// <param name="operations">The names of operations, in the order of the numbers that stand for them.</param>
    /// <param name="time">The client's clock.</param>
    public ServerMetrics(MemcachedMetrics metrics, ServerCounters counters, IReadOnlyList<string> operations, TimeProvider time)
    {
        (_metrics, _counters, _time) = (metrics, counters, time);
        _seconds = 1.0 / time.TimestampFrequency;
        _durationTags = [.. operations.Select(operation => Tags(new("db.system.name", "memcached"), new("db.operation.name", operation)))];
    }

    /// <summary>This instant if somebody wants durations, or <see cref="Untimed"/>.</summary>
    public long GetTimestamp() => _metrics.Duration.Enabled ? _time.GetTimestamp() : Untimed;

    /// <summary>A command was answered.</summary>
    public void CountReply(int answer) => _counters.AddAnswer(answer);

    /// <summary>A call has its answer. Either instant may be <see cref="Untimed"/>.</summary>
    public void RecordDuration(int operation, long started, long ended)
    {
        if (started != Untimed && ended != Untimed)
        {
            _metrics.Duration.Record((ended - started) * _seconds, _durationTags[operation]);
        }
    }

    /// <summary>The same, and the answer is an error, or there is none.</summary>
    public void RecordDuration(int operation, long started, long ended, string error)
    {
        if (started != Untimed && ended != Untimed)
        {
            _metrics.Duration.Record((ended - started) * _seconds, [.. _durationTags[operation], new("error.type", error)]);
        }
    }

    /// <summary>A call of so many commands has failed without an answer.</summary>
    public void RecordFailure(int operation, int commands, long started, string error)
    {
        _metrics.Failures.Add(commands, [.. _durationTags[operation].AsSpan(1), new("error.type", error)]);
        RecordDuration(operation, started, GetTimestamp(), error);
    }

    public void AddSent(int bytes) => _counters.AddSent(bytes);

    public void AddReceived(int bytes) => _counters.AddReceived(bytes);

    /// <summary>A connection was made.</summary>
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

    /// <summary>From now on <paramref name="view"/> is asked when somebody collects.</summary>
    public void Register(IServerGauges view) => _counters.Add(view);

    /// <summary>The client has done with the server.</summary>
    public void Unregister(IServerGauges view) => _counters.Remove(view);

    private KeyValuePair<string, object?>[] Tags(params ReadOnlySpan<KeyValuePair<string, object?>> first) => [.. first, .. _counters.Tags];
}
