using System.Diagnostics.Metrics;

namespace NearCache.Memcached.Diagnostics;

/// <summary>The current state of one client's connections to a server, read by the metrics collector. Thread-safe.</summary>
internal interface IServerGauges
{
    MemcachedServerState State { get; }

    int InFlight { get; }

    int OpenConnections { get; }

    /// <summary>Gets the number of connections that are open when all is well.</summary>
    int ConnectionLimit { get; }
}

/// <summary>The totals of one server over all clients of a meter.</summary>
internal sealed class ServerCounters(string address, int port, int outcomes)
{
    private readonly Lock _lock = new();   // guards changes of `_gauges`
    private readonly long[] _outcomes = new long[outcomes];
    private readonly KeyValuePair<string, object?>[] _tags =
        port == 0 ? [new("server.address", address)] : [new("server.address", address), new("server.port", port)];

    private long _sent;
    private long _received;
    private volatile IServerGauges[] _gauges = [];

    public string Address => address;

    /// <summary>Gets the port; 0 for a Unix domain socket.</summary>
    public int Port => port;

    /// <summary>Gets the gauges of the clients that use the server.</summary>
    public IReadOnlyList<IServerGauges> Gauges => _gauges;

    /// <summary>Gets the tags that identify the server in every measurement.</summary>
    public ReadOnlySpan<KeyValuePair<string, object?>> Tags => _tags;

    public long Sent => Interlocked.Read(ref _sent);

    public long Received => Interlocked.Read(ref _received);

    public long Outcomes(int outcome) => Interlocked.Read(ref _outcomes[outcome]);

    public void AddOutcome(int outcome) => Interlocked.Increment(ref _outcomes[outcome]);

    public void AddSent(int bytes) => Interlocked.Add(ref _sent, bytes);

    public void AddReceived(int bytes) => Interlocked.Add(ref _received, bytes);

    public void Add(IServerGauges gauges)
    {
        lock (_lock)
        {
            _gauges = [.. _gauges, gauges];
        }
    }

    public void Remove(IServerGauges gauges)
    {
        lock (_lock)
        {
            _gauges = [.. _gauges.Where(other => other != gauges)];
        }
    }

    public Measurement<long> Measure(long value, params ReadOnlySpan<KeyValuePair<string, object?>> tags) =>
        new(value, [.. _tags, .. tags]);
}
