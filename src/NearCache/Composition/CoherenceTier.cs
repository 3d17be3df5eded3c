using NearCache.Coherence;
using NearCache.Coherence.Core;
using NearCache.Coherence.Identity;
using NearCache.Coherence.Identity.Core;
using NearCache.Coherence.Ledger;
using NearCache.Coherence.Ledger.Core;
using NearCache.Coherence.Registry;
using NearCache.Coherence.ServerRules;
using NearCache.Diagnostics;
using NearCache.Remote;
using NearCache.Usage;

namespace NearCache.Composition;

/// <summary>Builds what keeps the near tier coherent: the audits of each server, the rules on the servers, and their registry.</summary>
internal sealed class CoherenceTier : IAsyncDisposable, IDisposable
{
    private readonly CacheEnvironment _environment;
    private readonly RuleRegistry _registry;
    private readonly IdentityRegister _identities;
    private readonly IdentityExchange? _exchange;
    private readonly IdentityProbe? _probe;
    private volatile string? _otherPlacement;

    public CoherenceTier(CacheEnvironment environment, NearTier near, ClientPools clients)
    {
        _environment = environment;
        var (options, remote, time) = (environment.Options, environment.Remote, environment.Time);
        var board = environment.HasZooKeeper ? EnsembleTier.BoardOf(environment) : null;
        _identities = new IdentityRegister(changed: _ => HastenExchange(), raised: OnConflict, cleared: OnConflictOver);
        Context = ContextOf(near, board);
        Rules = new RulesCoordinator(
            near.Rules,
            new ConfiguredRules(options.Rules, environment.HasZooKeeper),
            Context,
            RuleTranslation.Times(options, remote.IsEmbedded || !Context.KeepsNear, remote.HasCounters),
            options.KeyPrefix ?? "");
        var directory = new ServerDirectory();
        if (board is not null)
        {
            Ensemble = new EnsembleTier(environment, Context, Rules, directory, board, clients.ZooKeeper.Rent(options.ZooKeeper));
        }

        Servers = new CoherentServers(remote, Context, Rules, directory, Ensemble?.Confirmation);
        if (Context is { IsShared: true, HasCounters: true })
        {
            var placements = new PlacementComparison();
            var reconciler = new IdentityReconciler(
                _identities, placements, () => [.. directory.All.Select(server => server.Server.Name)], () => PlacementOf(directory));
            _exchange = new IdentityExchange(Context, reconciler, directory)
            {
                Exchanged = () => ComparePlacements(placements, directory),
            };
            _probe = new IdentityProbe(Context, directory);
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

    /// <summary>Gets the part that talks to ZooKeeper, or null when none is configured.</summary>
    public EnsembleTier? Ensemble { get; }

    public UsageReader Usage { get; }

    public IRuleRegistry Registry => _registry;

    /// <summary>Gets a value indicating whether every server is confirmed, so that its keys are served near.</summary>
    public bool IsConfirmed => ClosedServers() == 0;

    /// <summary>Gets the names that are not served near because they are not one server, or have old contents.</summary>
    public IReadOnlyList<IdentityConflict> Conflicts => _identities.Conflicts;

    /// <summary>Gets the placement of keys of other processes, if it differs from that of this process; otherwise null.</summary>
    public string? OtherPlacement => _otherPlacement;

    /// <summary>Returns the server that owns a physical key.</summary>
    public IRemoteServer OwnerOf(byte[] key) => Servers.OwnerOf(key).Server;

    /// <summary>Starts audits, rules and the session to ZooKeeper.</summary>
    public void Start()
    {
        Rules.Add(Servers.All);
        Servers.Start();
        Ensemble?.Start();
        _exchange?.Start();
        _probe?.Start();
    }

    /// <summary>Closes the session to ZooKeeper and the sockets at once, and waits for nothing.</summary>
    public void Dispose()
    {
        Ensemble?.Dispose();
        Servers.Dispose();
    }

    public async ValueTask DisposeAsync()
    {
        if (_exchange is not null && _probe is not null)
        {
            await _exchange.DisposeAsync().ConfigureAwait(false);
            await _probe.DisposeAsync().ConfigureAwait(false);
        }

        if (Ensemble is not null)
        {
            await Ensemble.DisposeAsync().ConfigureAwait(false);
        }

        await Rules.DisposeAsync().ConfigureAwait(false);
        _registry.Dispose();
        await Servers.DisposeAsync().ConfigureAwait(false);
    }

    private CoherenceContext ContextOf(NearTier near, IAnnouncer? announcer)
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
            Identities = _identities,
            Epochs = near.Epochs,
            Clock = _environment.Clock,
            Time = _environment.Time,
            Invalidator = near.Invalidator,
            Announcer = announcer ?? new NoAnnouncer(),
            Metrics = _environment.Metrics,
            IsShared = !remote.IsEmbedded,
            HasCounters = remote.HasCounters,
            Fills = remote.HasCounters ? null : new RecentFills(),
            KeepsNear = remote.HasCounters || _environment.HasZooKeeper,
            Logger = _environment.Logger,
            AuditPeriod = (long)options.AuditInterval.TotalMilliseconds,
            MaxStaleness = _environment.MaxStaleness,
            ClosedAfter = (2 * _environment.MaxStaleness) + (long)options.RuleLease.TotalMilliseconds,
            ExplanationWait = CurrentExplanationWait,
        };
    }

    // How long an audit waits for announcements: as long as they take to arrive. Without a session none arrive, so the audit does not wait.
    private long CurrentExplanationWait() =>
        ExplanationWait.Of(Ensemble?.ReadPace ?? 0, _environment.MaxStaleness, Ensemble?.ReceivesAnnouncements == true);

    private void Observe()
    {
        var metrics = _environment.Metrics;
        metrics.ObserveServers(() => ClosedServers());
        metrics.ObserveConflicts(() => _identities.Conflicts.Count, () => _otherPlacement is null ? 0 : 1);
        metrics.ObserveRules(() => RuleSnapshots.Of(Rules.Counted));
        metrics.ObserveStops(() => _registry.Current.Stops.Count);
    }

    private string? PlacementOf(ServerDirectory directory) =>
        Context.Prefix.Value is null ? null : Context.Prefix.Describe(directory.Placement);

    private void HastenExchange() => _exchange?.Hasten();

    private void OnConflict(IdentityConflict conflict)
    {
        _environment.Logger.ServerInConflict(conflict.Text, conflict.Server);
        _environment.Metrics.IdentityConflict(conflict.Kind.ToString());
        Servers.All.FirstOrDefault(server => server.Server.Name == conflict.Server)?.Close();
    }

    private void OnConflictOver(string server) => _environment.Logger.ServerConflictOver(server);

    private void ComparePlacements(PlacementComparison placements, ServerDirectory directory)
    {
        if (PlacementOf(directory) is not { } own)
        {
            return;
        }

        var (other, before) = (placements.Other(own, _environment.Clock.Monotonic()), _otherPlacement);
        _otherPlacement = other;
        if (other is not null && before is null)
        {
            _environment.Logger.PlacementDiffers(_environment.Options.Namespace, other, own);
        }
        else if (other is null && before is not null)
        {
            _environment.Logger.PlacementsAgree(_environment.Options.Namespace, own);
        }
    }

    private int ClosedServers()
    {
        var now = _environment.Clock.Now();
        return Servers.All.Count(server => !server.Gate.IsOpen(now, _environment.MaxStaleness));
    }
}
