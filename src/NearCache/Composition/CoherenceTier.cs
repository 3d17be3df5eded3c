using NearCache.Brokers;
using NearCache.Coherence;
using NearCache.Coherence.Carriers;
using NearCache.Coherence.Core;
using NearCache.Coherence.Identity.Core;
using NearCache.Coherence.Ledger;
using NearCache.Coherence.Messages;
using NearCache.Coherence.Registry;
using NearCache.Coherence.ServerRules;
using NearCache.Remote;
using NearCache.Usage;

namespace NearCache.Composition;

/// <summary>Builds what keeps the near tier coherent: the audits of each server, the rules on the servers, and their registry.</summary>
internal sealed class CoherenceTier : IAsyncDisposable, IDisposable
{
    private readonly CacheEnvironment _environment;
    private readonly RuleRegistry _registry;
    private readonly IdentityTier _identities;
    private readonly AddressDiscovery? _addresses;
    private readonly ServerDirectory _directory = new();
    private readonly CarrierSet _carriers = new();
    private readonly MessageChannel[] _channels;

    public CoherenceTier(CacheEnvironment environment, NearTier near, ClientPools clients)
    {
        _environment = environment;
        var (options, remote, time) = (environment.Options, environment.Remote, environment.Time);
        _identities = new IdentityTier(environment, _directory);
        Context = ContextOf(near);
        Rules = new RulesCoordinator(
            near.Rules,
            new ConfiguredRules(options.Rules, environment.HasZooKeeper),
            Context,
            RuleTranslation.Times(options, remote.IsEmbedded || !Context.KeepsNear, remote.HasCounters),
            options.KeyPrefix ?? "");
        _channels =
            [.. options.Brokers.Select(
                broker => new MessageChannel(broker, Context, _directory, options.Budgets, options.Namespace, environment.Member))];
        foreach (var channel in _channels)
        {
            _carriers.Add(channel, announces: true);
        }

        if (environment.HasZooKeeper)
        {
            Ensemble = new EnsembleTier(environment, Context, Rules, _directory, _identities, clients.ZooKeeper.Rent(options.ZooKeeper));

            // Over a remote without counters the slots are the proof. Otherwise a broker spares the ensemble every transaction.
            _carriers.Add(
                Ensemble.Carrier, announces: _channels is [] || !remote.HasCounters || options.Ensemble.AnnounceBesideBroker);
        }

        Servers = new CoherentServers(remote, Context, Rules, _directory, Ensemble?.Confirmation);
        if (options.EveryAddressIsAServer && options.Memcached.Servers.Count > 0)
        {
            _addresses = new AddressDiscovery(options.Memcached, Servers, time, environment.Logger);
        }

        Usage = new UsageReader(new UsageCounterNames(options.Namespace), OwnerOf, time);
        // A stop is acknowledged after at most two round trips to a server that answers.
        var acknowledgement = TimeSpan.FromSeconds(1) + (2 * options.Memcached.OperationTimeout);
        IRegistryStore store = Ensemble is null ? new LocalRegistryStore(Rules, isShared: !remote.IsEmbedded) : Ensemble.RegistryStore;
        _registry = new RuleRegistry(store, Rules, Usage, environment.Clock, time, acknowledgement);
        Observe();
    }

    public CoherenceContext Context { get; }

    public RulesCoordinator Rules { get; }

    public CoherentServers Servers { get; }

    /// <summary>Gets a text with everything that decides which server owns a key, without the prefix.</summary>
    public string Placement => _directory.Placement;

    /// <summary>Gets the part that talks to ZooKeeper, or null when none is configured.</summary>
    public EnsembleTier? Ensemble { get; }

    /// <summary>Gets the carriers of announcements.</summary>
    public IReadOnlyList<ICarrier> Carriers => _carriers.All;

    /// <summary>Gets the sockets of the connections to message brokers.</summary>
    public IEnumerable<BrokerConnectionInfo> BrokerConnections =>
        _channels.Select(channel => channel.Connection).OfType<BrokerConnectionInfo>().Distinct();

    public UsageReader Usage { get; }

    public IRuleRegistry Registry => _registry;

    /// <summary>Gets a value indicating whether every server is confirmed, so that its keys are served near.</summary>
    public bool IsConfirmed => ClosedServers() == 0;

    /// <summary>Gets the names that are not served near because they are not one server, or have old contents.</summary>
    public IReadOnlyList<IdentityConflict> Conflicts => _identities.Register.Conflicts;

    /// <summary>Returns the identity that this process has seen last of a server; null if it has seen none.</summary>
    public string? IdentityOf(string server) => _identities.Register.Seen(server);

    /// <summary>Gets the placement of keys of other processes, if it differs from that of this process; otherwise null.</summary>
    public string? OtherPlacement => _identities.OtherPlacement;

    /// <summary>Returns the server that owns a physical key.</summary>
    public IRemoteServer OwnerOf(byte[] key) => Servers.OwnerOf(key).Server;

    /// <summary>Replaces the list of memcached servers.</summary>
    public Task ChangeServersAsync(IEnumerable<string> servers) =>
        _addresses is { } addresses ? addresses.ChangeAsync(servers) : Servers.ChangeAsync(servers);

    /// <summary>Starts audits, rules and the session to ZooKeeper.</summary>
    public void Start()
    {
        Rules.Add(Servers.All);
        Servers.Start();
        Ensemble?.Start();
        foreach (var channel in _channels)
        {
            channel.Start();
        }

        _identities.Start(Context);
        _addresses?.Start();
    }

    /// <summary>Closes the session to ZooKeeper and the sockets at once, and waits for nothing.</summary>
    public void Dispose()
    {
        foreach (var channel in _channels)
        {
            channel.Dispose();
        }

        Ensemble?.Dispose();
        Servers.Dispose();
    }

    public async ValueTask DisposeAsync()
    {
        if (_addresses is not null)
        {
            await _addresses.DisposeAsync().ConfigureAwait(false);
        }

        await _identities.DisposeAsync().ConfigureAwait(false);
        foreach (var channel in _channels)
        {
            await channel.DisposeAsync().ConfigureAwait(false);
        }

        if (Ensemble is not null)
        {
            await Ensemble.DisposeAsync().ConfigureAwait(false);
        }

        await Rules.DisposeAsync().ConfigureAwait(false);
        _registry.Dispose();
        await Servers.DisposeAsync().ConfigureAwait(false);
    }

    private CoherenceContext ContextOf(NearTier near)
    {
        var (options, remote) = (_environment.Options, _environment.Remote);
        return new CoherenceContext
        {
            Names = new CounterNames(options.Namespace),
            Writer = WriterId.Of(_environment.Member),
            Prefix = new NamespacePrefix(
                options.Namespace,
                options.KeyPrefix,
                fromServers: !remote.IsEmbedded && remote.HasCounters,
                remote.Servers.Select(server => server.Name),
                _environment.Logger),
            Identities = _identities.Register,
            Epochs = near.Epochs,
            Clock = _environment.Clock,
            Time = _environment.Time,
            Invalidator = near.Invalidator,
            Announcer = _carriers,
            Metrics = _environment.Metrics,
            IsShared = !remote.IsEmbedded,
            HasCounters = remote.HasCounters,
            Fills = remote.HasCounters ? null : new RecentFills(),
            KeepsNear = remote.HasCounters || _environment.HasZooKeeper,
            Logger = _environment.Logger,
            AuditPeriod = (long)options.AuditInterval.TotalMilliseconds,
            MaxStaleness = _environment.MaxStaleness,
            ClosedAfter = (2 * _environment.MaxStaleness) + (long)options.RuleLease.TotalMilliseconds,
            ExplanationWait = () => _carriers.Patience(_environment.MaxStaleness),
        };
    }

    private void Observe()
    {
        var metrics = _environment.Metrics;
        metrics.ObserveServers(() => ClosedServers());
        metrics.ObserveRules(() => RuleSnapshots.Of(Rules.Counted));
        metrics.ObserveStops(() => _registry.Current.Stops.Count);
        metrics.ObserveCarriers(() => _carriers.All.Select(carrier => carrier.Snapshot()));
    }

    private int ClosedServers()
    {
        var now = _environment.Clock.Now();
        return Servers.All.Count(server => !server.Gate.IsOpen(now, _environment.MaxStaleness));
    }
}
