using System.Globalization;
using System.Text;
using NearCache.Coherence.Core;
using NearCache.Coherence.Ledger;
using NearCache.Memcached;
using NearCache.Memcached.Protocol;
using NearCache.Near;
using NearCache.Remote;
using NearCache.Remote.Memcached;

namespace NearCache.Observing;

/// <summary>Observes the memcached servers of a fleet.</summary>
internal sealed class ServerObserver : IAsyncDisposable, IDisposable
{
    private readonly MemcachedRemote _remote;
    private readonly RentedClient<MemcachedClient> _client;
    private readonly CounterNames _names;
    private readonly Observation _observation;
    private readonly FleetClientOptions _options;
    private readonly TimeProvider _time;
    private readonly Lock _lock = new();   // guards the lists of connections
    private readonly Dictionary<string, Listed> _lists = [];

    /// <param name="pool">Provides the client. This object rents it twice, for one set of connections.</param>
    /// <param name="memcached">The servers.</param>
    /// <param name="names">The keys of the namespace.</param>
    /// <param name="options">The limits.</param>
    /// <param name="clock">The monotonic clock.</param>
    /// <param name="time">The clock.</param>
    public ServerObserver(
        ClientPool<MemcachedOptions, MemcachedClient> pool,
        MemcachedOptions memcached,
        CounterNames names,
        FleetClientOptions options,
        NearClock clock,
        TimeProvider time)
    {
        (_names, _options, _time) = (names, options, time);
        _observation = new Observation(options.Timeout, time);
        _client = pool.Rent(memcached);
        _remote = new MemcachedRemote(pool, memcached);
        Servers =
        [
            .. _client.Client.Servers.Zip(_remote.Servers, (server, remote) =>
                new ObservedServer(server, remote, new RequestBudget(options.RequestsPerSecond, clock, time), options.ReadOnly)),
        ];
    }

    /// <summary>Gets the servers, in the order of the remote.</summary>
    public IReadOnlyList<ObservedServer> Servers { get; }

    /// <summary>Gets the placement of the servers, which decides the place of each key.</summary>
    public string Placement => _remote.Placement;

    /// <summary>Returns the server that owns a physical key.</summary>
    public ObservedServer OwnerOf(ReadOnlySpan<byte> key) => Servers[_remote.IndexOf(key)];

    /// <summary>Reads what is known of each server.</summary>
    public async Task<IReadOnlyList<FleetServer>> ReadAsync(CancellationToken cancellationToken) =>
        await Task.WhenAll(Servers.Select(server => ReadAsync(server, cancellationToken))).ConfigureAwait(false);

    /// <summary>Reads the connections of a server, or returns the last list.</summary>
    public async Task<Observed<FleetServerConnections>> ReadConnectionsAsync(string name, CancellationToken cancellationToken)
    {
        var server = Servers.FirstOrDefault(server => server.Name == name)
            ?? throw new ArgumentException(
                $"There is no memcached server \"{name}\"; there are: {string.Join(", ", Servers.Select(one => one.Name))}.", nameof(name));
        Listed listed;
        lock (_lock)
        {
            if (!_lists.TryGetValue(name, out listed) || _time.GetElapsedTime(listed.At) >= _options.ConnectionsInterval)
            {
                // Viewers that come together share one list.
                listed = _lists[name] = new Listed(
                    _time.GetTimestamp(),
                    _observation.OfAsync(name, server.GetServerConnectionsAsync, CancellationToken.None));
            }
        }

        var list = await listed.Read.WaitAsync(cancellationToken).ConfigureAwait(false);
        return list.Select(connections => Observed<FleetServerConnections>.Of(new FleetServerConnections
        {
            Server = name,
            Age = _time.GetElapsedTime(listed.At),
            Connections = [.. connections.Where(connection => connection.State != "conn_listening")],
            Own = [.. _client.Client.Connections.Where(own => own.Server == name).Select(own => own.Local?.ToString()).OfType<string>()],
        }));
    }

    public async ValueTask DisposeAsync()
    {
        await _remote.DisposeAsync().ConfigureAwait(false);
        await _client.DisposeAsync().ConfigureAwait(false);
    }

    public void Dispose()
    {
        ((IDisposable)_remote).Dispose();
        _client.Dispose();
    }

    private async Task<FleetServer> ReadAsync(ObservedServer server, CancellationToken cancellationToken)
    {
        var statistics = _observation.OfAsync(
            server.Name, async token => Statistics(await server.GetStatisticsAsync(null, token).ConfigureAwait(false)), cancellationToken);
        var settings = _observation.OfAsync(
            server.Name,
            async token => Settings(await server.GetStatisticsAsync("settings", token).ConfigureAwait(false)),
            cancellationToken);
        var found = _observation.OfAsync(server.Name, _ => NamespaceAsync(server), cancellationToken);
        return new FleetServer
        {
            Name = server.Name,
            Statistics = await statistics.ConfigureAwait(false),
            Settings = await settings.ConfigureAwait(false),
            Namespace = await found.ConfigureAwait(false),
            State = server.State,
        };
    }

    private async Task<FleetServerNamespace> NamespaceAsync(ObservedServer server)
    {
        MetaCommand[] reads =
        [
            MetaCommand.Get(_names.Total), MetaCommand.Get(_names.KeyPrefix), MetaCommand.Get(_names.Rules, MetaFields.ClientFlags),
        ];
        var replies = (await server.ExecuteAsync(reads).ConfigureAwait(false)).Responses;
        return new FleetServerNamespace
        {
            Writes = AuditCommands.Counter(replies[0]),
            KeyPrefix = replies[1].Status == MetaStatus.Ok ? Encoding.UTF8.GetString(replies[1].Value.Span) : null,
            HasRules = replies[2].Status == MetaStatus.Ok,
        };
    }

    private static FleetServerStatistics Statistics(IReadOnlyDictionary<string, string> all) => new()
    {
        Version = all.GetValueOrDefault("version"),
        Uptime = Number(all, "uptime") is { } seconds ? TimeSpan.FromSeconds(seconds) : null,
        Connections = Number(all, "curr_connections"),
        MaxConnections = Number(all, "max_connections"),
        RejectedConnections = Number(all, "rejected_connections"),
        Bytes = Number(all, "bytes"),
        MaxBytes = Number(all, "limit_maxbytes"),
        Items = Number(all, "curr_items"),
        Evictions = Number(all, "evictions"),
        Hits = Number(all, "get_hits"),
        Misses = Number(all, "get_misses"),
        All = all,
    };

    private static FleetServerSettings Settings(IReadOnlyDictionary<string, string> all) => new()
    {
        IdleTimeout = Number(all, "idle_timeout") is { } seconds ? TimeSpan.FromSeconds(seconds) : null,
        MaxItemBytes = Number(all, "item_size_max"),
        Threads = Number(all, "num_threads"),
        All = all,
    };

    private static long? Number(IReadOnlyDictionary<string, string> all, string name) =>
        all.TryGetValue(name, out var text) && long.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out var number)
            ? number
            : null;

    private readonly record struct Listed(long At, Task<Observed<IReadOnlyList<MemcachedServerConnection>>> Read);
}
