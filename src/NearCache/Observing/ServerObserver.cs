using System.Globalization;
using System.Text;
using NearCache.Coherence.Core;
using NearCache.Coherence.Identity.Core;
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
        _names = names;
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

    /// <summary>Gets the connections of this client.</summary>
    public IReadOnlyList<MemcachedConnectionInfo> Connections => _client.Client.Connections;

    /// <summary>Gets the placement of the servers, which decides the place of each key.</summary>
    public string Placement => _remote.Placement;

    /// <summary>Returns the server that owns a physical key.</summary>
    public ObservedServer OwnerOf(ReadOnlySpan<byte> key) => Servers[_remote.IndexOf(key)];

    /// <summary>Reads what is known of each server.</summary>
    public async Task<IReadOnlyList<FleetServer>> ReadAsync(CancellationToken cancellationToken) =>
        await Task.WhenAll(Servers.Select(server => ReadAsync(server, cancellationToken))).ConfigureAwait(false);

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
            MetaCommand.Get(_names.Identity),
        ];
        var replies = (await server.ExecuteAsync(reads).ConfigureAwait(false)).Responses;
        var writes = AuditCommands.Counter(replies[0]);
        return new FleetServerNamespace
        {
            Writes = writes,
            Identity = replies[3].Status == MetaStatus.Ok
                && ServerIdentity.TryDecode(replies[3].Value.Span, out var identity)
                && writes is { } total
                && identity.Fits(total) ? identity.Id : null,
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
}
