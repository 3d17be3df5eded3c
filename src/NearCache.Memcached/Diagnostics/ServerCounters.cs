using System.Diagnostics.Metrics;

namespace NearCache.Memcached.Diagnostics;

/// <summary>How one client stands with a server, asked when somebody collects, from any thread.</summary>
internal interface IServerGauges
{
    MemcachedServerState State { get; }

    int InFlight { get; }

    int OpenConnections { get; }
}

/// <summary>What all clients of a meter did on one server, added up where it happens.</summary>
internal sealed class ServerCounters(string address, int port, int answers)
{
    private readonly Lock _lock = new();   // guards the change of the views
    private readonly long[] _answered = new long[answers];
    private readonly KeyValuePair<string, object?>[] _tags =
        port == 0 ? [new("server.address", address)] : [new("server.address", address), new("server.port", port)];

    private long _sent;
    private long _received;
    private volatile IServerGauges[] _views = [];

    public string Address => address;

    /// <summary>0 for a Unix domain socket.</summary>
    public int Port => port;

    /// <summary>The clients that have the server on their list.</summary>
    public IReadOnlyList<IServerGauges> Views => _views;

    /// <summary>How the server is named in every measurement.</summary>
    public ReadOnlySpan<KeyValuePair<string, object?>> Tags => _tags;

    public long Sent => Interlocked.Read(ref _sent);

    public long Received => Interlocked.Read(ref _received);

    public long Answered(int answer) => Interlocked.Read(ref _answered[answer]);

    public void AddAnswer(int answer) => Interlocked.Increment(ref _answered[answer]);

    public void AddSent(int bytes) => Interlocked.Add(ref _sent, bytes);

    public void AddReceived(int bytes) => Interlocked.Add(ref _received, bytes);

    public void Add(IServerGauges view)
    {
        lock (_lock)
        {
            _views = [.. _views, view];
        }
    }

    public void Remove(IServerGauges view)
    {
        lock (_lock)
        {
            _views = [.. _views.Where(other => other != view)];
        }
    }

    public Measurement<long> Measure(long value, params ReadOnlySpan<KeyValuePair<string, object?>> tags) =>
        new(value, [.. _tags, .. tags]);
}
