using System.Diagnostics.Metrics;
using System.Globalization;
using System.Text;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Logging.Abstractions;
using Microsoft.Extensions.Options;
using NearCache.Coherence;
using NearCache.Coherence.Churn;
using NearCache.Coherence.Core;
using NearCache.Coherence.Ensemble;
using NearCache.Coherence.Ensemble.Core;
using NearCache.Coherence.Ledger;
using NearCache.Coherence.Ledger.Core;
using NearCache.Coherence.Namespaces;
using NearCache.Coherence.Registry;
using NearCache.Coherence.ServerRules;
using NearCache.Coherence.Slots;
using NearCache.Diagnostics;
using NearCache.Distributed;
using NearCache.Flights;
using NearCache.Hybrid;
using NearCache.Locks;
using NearCache.Near;
using NearCache.Paths;
using NearCache.Remote;
using NearCache.Rules;
using NearCache.Settings;
using NearCache.Tags;
using NearCache.Usage;
using NearCache.ZooKeeper;

namespace NearCache;

/// <summary>The parts of one cache, joined: the only place that knows all of them.</summary>
internal sealed class Composition : IAsyncDisposable, IDisposable
{
    // After a rule's lease, for so long are its listed keys tried that could not be fetched.
    private static readonly TimeSpan PreloadLimit = TimeSpan.FromSeconds(10);

    private readonly ILogger _logger;
    private readonly Action _reload;
    private readonly WarmUp _warmUp;
    private readonly Refresher _refresher;
    private readonly Preloader _preloader;
    private readonly RulesCoordinator _rules;
    private readonly NearCacheMetrics _metrics;
    private readonly NearClock _clock;
    private readonly CoherentServers _servers;
    private readonly bool _isEmbedded;
    private readonly Func<NearHybridCacheOptions, IServiceProvider?, HybridParts> _hybrid;
    private readonly SlotChannel? _slots;
    private readonly EnsembleSession? _zooKeeper;
    private readonly RuleRegistry _registry;
    private readonly ChurnLoop? _churn;
    private readonly UsageReporter _usage;
    private readonly FillPath _fills;
    private EnsembleInspector? _inspector;
    private NamespaceKeeper? _keeper;
    private Membership? _members;
    private EnsembleGateway? _gate;

    private Composition(
        NearCacheOptions options, ILoggerFactory? loggers, IMeterFactory? meters, TimeProvider time, IRemote remote, SharedClients clients)
    {
        Options = options;
        _isEmbedded = remote.IsEmbedded;
        var logger = _logger = (loggers ?? NullLoggerFactory.Instance).CreateLogger("NearCache");
        _metrics = new NearCacheMetrics(meters, options.Namespace);
        _clock = new NearClock(time);
        var epochs = new ProcessEpochs();
        var flights = new FlightBoard(time);
        var tags = new TagBoard(options.NearEntries);
        var shared = new SharedTypes(options.ImmutableTypes);
        var stale = new StaleStore(options.StaleEntries, _clock, shared);
        var table = new RuleTable(RuleDefaults.Of(options), options.Seams.BreakMatcher);
        Near = new NearStore(options.NearEntries, options.NearBytes, epochs, _clock, time, table.NearHits, _metrics);

        var hasZooKeeper = options.ZooKeeper.ConnectionString.Length > 0;
        var invalidator = new Invalidator(epochs, Near, stale, flights, tags);
        var prefix = new NamespacePrefix(
            options.Namespace,
            options.KeyPrefix,
            isAsked: !remote.IsEmbedded && remote.HasCounters,
            remote.Servers.Select(server => server.Name),
            logger);
        var context = new CoherenceContext
        {
            Names = new CounterNames(options.Namespace),
            Prefix = prefix,
            Epochs = epochs,
            Clock = _clock,
            Time = time,
            Invalidator = invalidator,
            Metrics = _metrics,
            IsShared = !remote.IsEmbedded,
            HasCounters = remote.HasCounters,
            KeepsNear = remote.HasCounters || hasZooKeeper,
            Logger = logger,
            AuditPeriod = (long)options.AuditInterval.TotalMilliseconds,
            MaxStaleness = (long)options.MaxStaleness.TotalMilliseconds,
            ClosedAfter = (2 * (long)options.MaxStaleness.TotalMilliseconds) + (long)options.RuleLease.TotalMilliseconds,
            Patience = Patience,
        };
        var times = RuleTranslation.Times(options, remote.IsEmbedded || !context.KeepsNear, remote.HasCounters);
        _rules = new RulesCoordinator(table, new ConfiguredRules(options.Rules, hasZooKeeper), context, times, options.KeyPrefix ?? "");
        _servers = new CoherentServers(remote, context, _rules);

        var map = Map = new KeyMap(
            prefix,
            value => new PhysicalKeys(options.Namespace, value, options.LongKeys),
            _servers,
            epochs,
            stale,
            options.Namespace,
            remote.HasCounters);
        var json = options.Json is null && options.LossyTypes.Count == 0
            ? DefaultJson.Options
            : DefaultJson.Of(options.Json, options.LossyTypes);
        var format = new ValueFormat(ValueFormat.Of(options), json, time, new Packing(options));
        var rules = new RuleDecisions(table, context);
        Reads = new ReadPath(map, rules, Near, stale, shared, _clock, format, _metrics, logger, options);
        Writes = new WritePath(map, rules, format, flights, stale, _metrics, time, options);
        var prefetch = new PrefetchPath(map, Reads, _clock, _metrics, context.MaxStaleness);
        _refresher = new Refresher(prefetch, Near, _clock, time, _metrics, logger);
        invalidator.Voided = _refresher.Voided;
        var gate = new FactoryGate(options.MaxConcurrentFactories);
        _fills = new FillPath(Reads, Writes, stale, format, time, _metrics, logger, options);
        var leases = new LeasePath(
            Reads,
            _fills,
            new EagerRefresh(map, Reads, _fills, flights, _clock, time, _metrics, logger),
            flights,
            stale,
            format,
            time,
            options);
        Creations = new CreatePath(
            map, Reads, Near, stale, flights, leases, new FactoryRunner(gate, time, _metrics), format, _metrics, logger, options);
        _metrics.ObserveNear(() => Near.Hits, () => Near.Entries, () => Near.Bytes, () => Near.Evictions);
        _metrics.ObserveServers(() => _servers.All.Count(server => !server.Gate.IsOpen(_clock.Now(), context.MaxStaleness)));
        format.Use(new HybridItemCodec());
        format.Use(new DistributedItemCodec());
        Distributed = new DistributedParts(
            new DistributedPath(map, Reads, Writes, Near, time, logger), map.CanHold, time, remote.HasCounters);
        var tagPath = new TagPath(map, tags, Reads, Writes, epochs, _clock);
        _hybrid = (face, services) =>
        {
            var serializers = new HybridSerializers(services, [.. face.SerializerFactories], json, shared);
            var hits = new HybridHits(Near, epochs, _clock);
            if (remote.HasCounters && face.MaximumPayloadBytes > options.Memcached.MaxValueBytes)
            {
                logger.HybridSettingNotHonoured(
                    nameof(face.MaximumPayloadBytes), face.MaximumPayloadBytes.ToString(CultureInfo.InvariantCulture), $"Memcached:MaxValueBytes is {options.Memcached.MaxValueBytes}, and bounds the value with its header");
            }

            var limits = new HybridLimits(face.MaximumPayloadBytes, remote.HasCounters ? options.Memcached.MaxValueBytes : long.MaxValue);
            var path = new HybridPath(
                map, Reads, Writes, Creations, tagPath, Near, flights, serializers, limits, options.MaxStaleness, time, _metrics, logger);
            return new HybridParts(hits, serializers, path, map.CanHold, options.ItemLifetime, logger);
        };
        if (remote.IsEmbedded)
        {
            logger.Embedded();
        }

        if (hasZooKeeper)
        {
            if (GeneratedName.WhyIs(options.Namespace, Environment.MachineName) is { } why)
            {
                logger.NamespaceLooksGenerated(options.Namespace, why);
            }

            (_slots, _zooKeeper, _registry) = Join(clients.ZooKeeper.Rent(options.ZooKeeper), context);
        }
        else
        {
            _registry = RegistryOn(new LocalRegistryStore(_rules, isShared: !remote.IsEmbedded), time);
        }

        _rules.Add(_servers.All);
        _servers.Start();
        _zooKeeper?.Start();
        if (_slots is { } slots)
        {
            _metrics.ObserveBudgets(() => slots.Budgets);
        }

        _metrics.ObserveRules(Rules);
        _metrics.ObserveStops(() => _registry.Current.Stops.Count);
        Locks = new DistributedLock(map.PlaceLock, _clock, time, _metrics);
        _usage = new UsageReporter(
            new UsageNames(options.Namespace), key => _servers.OwnerOf(key).Server, () => _rules.Counted, time, _metrics, logger);
        _churn = options.ChurnBreaker
            ? new ChurnLoop(
                _rules,
                context,
                new CircuitStore(context.Names, key => _servers.OwnerOf(key).Server, context),
                Usage(time),
                () => _slots?.Members ?? 1,
                (ids, why, cancellationToken) =>
                    _registry.ClearStopsAsync(
                        ids, new EditReason { Who = $"{ChurnStops.Author} of {ChurnLoop.Who}", Why = why }, cancellationToken))
            : null;
        _reload = () =>
        {
            Near.SetRoom(options.NearEntries, options.NearBytes);
            gate.Limit = options.MaxConcurrentFactories;
            stale.Capacity = options.StaleEntries;
            _rules.Reload(RuleDefaults.Of(options));
        };
        _preloader = new Preloader(
            () => _rules.Active, () => _rules.Revision > 0, prefetch, options.RuleLease + PreloadLimit, time, logger);
        _warmUp = new WarmUp(
            () =>
                _servers.All.All(server => server.Gate.IsOpen(_clock.Now(), context.MaxStaleness))
                    && _preloader.IsSettled, options.WarmUp, time, logger);
        logger.Started(options.Namespace, remote.Servers.Count, hasZooKeeper ? options.ZooKeeper.ConnectionString : "not configured");
    }

    public NearCacheOptions Options { get; }

    public NearStore Near { get; }

    public KeyMap Map { get; }

    public ReadPath Reads { get; }

    public WritePath Writes { get; }

    public CreatePath Creations { get; }

    public IRuleRegistry Registry => _registry;

    /// <summary>What a <see cref="NearDistributedCache"/> over this cache is made of.</summary>
    public DistributedParts Distributed { get; }

    /// <summary>What a <see cref="NearHybridCache"/> over this cache is made of.</summary>
    public HybridParts Hybrid(NearHybridCacheOptions face, IServiceProvider? services) => _hybrid(face, services);

    public IDistributedLock Locks { get; }

    /// <summary>Checks the options, makes the parts and starts them.</summary>
    /// <param name="options">Copied.</param>
    /// <param name="loggers">Where events go.</param>
    /// <param name="meters">Makes the meters.</param>
    /// <param name="time">The clocks.</param>
    /// <param name="remote">Another remote than the options name.</param>
    /// <param name="clients">Where connections come from that other caches may have, too.</param>
    /// <exception cref="OptionsValidationException">The options have mistakes.</exception>
    public static Composition Of(
        NearCacheOptions options,
        ILoggerFactory? loggers,
        IMeterFactory? meters,
        TimeProvider time,
        IRemote? remote = null,
        SharedClients? clients = null)
    {
        var copy = options.Copy();
        ThrowIfInvalid(copy);
        clients ??= new SharedClients(loggers, meters, time);
        return BackgroundContext.Run(() => new Composition(copy, loggers, meters, time, remote ?? RemoteOf(copy, clients, time), clients));
    }

    /// <summary>Takes over what can change.</summary>
    /// <exception cref="OptionsValidationException">The options have mistakes; nothing was changed.</exception>
    public void Reload(NearCacheOptions options)
    {
        ThrowIfInvalid(options);
        var (taken, waiting) = LiveSettings.Take(Options, options);
        _reload();
        _rules.Configure(options.Rules);
        if (taken.Count > 0)
        {
            _logger.SettingsTaken(Options.Namespace, string.Join(", ", taken));
        }

        if (waiting.Count > 0)
        {
            _logger.SettingsWaiting(Options.Namespace, string.Join(", ", waiting));
        }
    }

    private static void ThrowIfInvalid(NearCacheOptions options)
    {
        if (new NearCacheOptionsValidator().Validate(null, options) is { Failed: true } mistakes)
        {
            throw new OptionsValidationException(nameof(NearCacheOptions), typeof(NearCacheOptions), mistakes.Failures);
        }
    }

    private (
        SlotChannel Slots,
        EnsembleSession Driver,
        RuleRegistry Registry) Join(RentedClient<ZooKeeperClient> rented, CoherenceContext context)
    {
        var gate = _gate = new EnsembleGateway(
            rented, Options.Budgets.AnnouncementsPerNamespace, _clock, context.Time, _logger, context.LogBudget);
        var member = Guid.NewGuid().ToString("N");
        var paths = new NamespacePaths(Options.Namespace);
        var slots = new SlotChannel(gate, paths, context, _servers.All, Options.Budgets, KeyHash.Of(Encoding.ASCII.GetBytes(member)).Value);
        context.Announcer = slots;
        _servers.Changed = slots.SetServers;
        var acl = Options.Ensemble.Acl.Count == 0 ? ZNodeAcl.OpenToAll : AclText.Parse(Options.Ensemble.Acl);
        var lane = gate.Lane(EnsembleRequest.CheckNamespace, EnsembleRequest.RepairNamespace, EnsemblePacing.RateLimited);
        var keeper = _keeper = new NamespaceKeeper(
            new NamespaceTree(lane, paths, acl),
            lane,
            gate,
            paths,
            _clock,
            context.Time,
            _logger,
            _rules.SurveyAsync,
            () => slots.Unreadable);
        slots.Damaged = keeper.Damaged;
        keeper.SlotIsReadable = slots.Reread;
        if (!context.HasCounters)
        {
            var confirms = gate.Lane(EnsembleRequest.Confirm, EnsembleRequest.Confirm, EnsemblePacing.Failures);
            context.Confirmation = new SlotConfirmation(
                confirms, paths, slots, _rules, context, Options.Budgets.Deliveries, () => _zooKeeper?.HearsNews == true);
        }

        var registry = new RegistrySync(
            gate.Lane(EnsembleRequest.ReadRules, EnsembleRequest.CarryStop, EnsemblePacing.Failures),
            paths,
            context,
            _rules,
            () => slots.Pace,
            keeper.Damaged);
        _rules.StopsChanged = registry.StopsChanged;
        keeper.RulesSeen = registry.Seen;
        var members = _members = new Membership(
            gate,
            paths,
            context,
            acl,
            Options.ZooKeeper.SessionTimeout,
            member,
            () => _servers.PlacementText,
            new MemberEstimate(Options.Seams.TrustFirstCount ? 0 : MemberEstimate.StartPatience),
            slots.MembersCounted);
        _inspector = new EnsembleInspector(
            gate.Lane(EnsembleRequest.Inspect, EnsembleRequest.SetQuota, EnsemblePacing.RateLimited), paths, context, Options.Ensemble, acl);
        _metrics.ObserveEnsemble(gate.Asked, gate.Failed);
        _metrics.ObserveCoordination(() => Coordination());
        return (
            slots,
            new EnsembleSession(gate, keeper, slots, context, members.LeaveAsync, registry.RunAsync, members.RunAsync, _inspector.RunAsync),
            RegistryOn(
                new ZooKeeperRegistryStore(gate.Lane(EnsembleRequest.EditRules, EnsembleRequest.EditRules, EnsemblePacing.None), paths),
                context.Time));
    }

    private UsageReader Usage(TimeProvider time) => new(new UsageNames(Options.Namespace), key => _servers.OwnerOf(key).Server, time);

    // A stop is acknowledged after at most two round trips to a server that answers.
    private RuleRegistry RegistryOn(IRegistryStore store, TimeProvider time) =>
        new(store, _rules, Usage(time), _clock, time, TimeSpan.FromSeconds(1) + (2 * Options.Memcached.OperationTimeout));

    // How long an audit waits for news: as long as news takes to come, and not at all where none comes.
    private long Patience() =>
        AuditPatience.Of(_slots?.Pace ?? 0, (long)Options.MaxStaleness.TotalMilliseconds, _zooKeeper?.HearsNews == true);

    private static IRemote RemoteOf(NearCacheOptions options, SharedClients clients, TimeProvider time) =>
        options.DistributedCache is { } other ? new OtherRemote(other, time)
        : options.Memcached.Servers.Count == 0
            ? new EmbeddedRemote(time)
            : new MemcachedRemote(clients.Memcached, options.Memcached);

    /// <summary>Replaces the list of memcached servers.</summary>
    public Task SetServersAsync(IEnumerable<string> servers) => BackgroundContext.Run(() => _servers.ChangeAsync(servers));

    private IEnumerable<RuleSnapshot> Rules() => _rules.Counted.Select(rule =>
    {
        var did = rule.Counters;
        return new RuleSnapshot
        {
            Name = rule.Name,
            IsOn = rule.IsOn,
            NearHits = did.NearHits,
            RemoteReads = did.RemoteReads,
            Writes = did.Writes,
            Announcements = did.Announcements,
            IsDryRun = rule.DryRun is not null,
            ChurnBreaker = rule.Breaker,
            ChurnReason = rule.Circuit is { State: not ChurnBreakerState.Closed } circuit ? $"{circuit.Who}: {circuit.Why}" : null,
        };
    });

    // Null without ZooKeeper.
    private CoordinationSnapshot? Coordination()
    {
        if (_gate is null || _keeper is null || _slots is null)
        {
            return null;
        }

        var now = _clock.Monotonic();
        TimeSpan? Since(long? at) => at is { } then ? TimeSpan.FromMilliseconds(now - then) : null;
        var (state, (readAt, announcedAt), (requests, failures)) = (_keeper.State, _slots.Last, _gate.Total);
        return new CoordinationSnapshot
        {
            Namespace = state.Condition.ToString(),
            Problem = state.Problem,
            Command = state.Command,
            IsMember = _members?.IsMember == true,
            RepliedBefore = Since(_gate.RepliedAt),
            SilentFor = TimeSpan.FromMilliseconds(now - (_gate.RepliedAt ?? _gate.MadeAt)),
            SlotReadBefore = Since(readAt),
            AnnouncedBefore = Since(announcedAt),
            Requests = requests,
            Failures = failures,
            Failing = [.. _gate.Failing.GroupBy(failure => failure.Purpose).Select(same => $"{same.Key} ({same.First().Reason})")],
        };
    }

    public NearCacheSnapshot Snapshot()
    {
        var now = _clock.Now();
        var maxStaleness = (long)Options.MaxStaleness.TotalMilliseconds;
        return new NearCacheSnapshot
        {
            IsEmbedded = _isEmbedded,
            IsWarm = _warmUp.IsOver,
            AreRulesReadable = _rules.AreReadable,
            Servers = [.. _servers.All.Select(server => new ServerSnapshot
            {
                Name = server.Server.Name,
                IsServedNear = server.Gate.IsOpen(now, maxStaleness),
                ConfirmedBefore = server.Gate.Confirmed == Timestamps.Never
                    ? null
                    : TimeSpan.FromMilliseconds(now.Monotonic - server.Gate.Confirmed.Monotonic),
            })],
            NearHits = Near.Hits,
            NearEntries = Near.Entries,
            NearBytes = Near.Bytes,
            NearEvictions = Near.Evictions,
            ZooKeeper = _zooKeeper?.State ?? "None",
            ZooKeeperWrites = _slots?.Attempts ?? 0,
            Neighbours = _inspector?.CoTenants,
            Rules = [.. Rules()],
            Budgets = _slots?.Budgets,
            Coordination = Coordination(),
            Stops = _registry.Current.Stops,
            RulesRevision = _rules.Revision,
        };
    }

    /// <summary>
    /// Refuses calls, and closes the session and the sockets now. To be followed by <see cref="DisposeAsync"/>, which ends the loops.
    /// </summary>
    public void Dispose()
    {
        Map.Close();
        Creations.Dispose();
        Near.Dispose();
        _gate?.Dispose();
        _servers.Dispose();
    }

    public async ValueTask DisposeAsync()
    {
        await _warmUp.DisposeAsync().ConfigureAwait(false);
        await _preloader.DisposeAsync().ConfigureAwait(false);
        await _refresher.DisposeAsync().ConfigureAwait(false);
        Map.Close();
        Creations.Dispose();
        await _fills.ReleaseAllAsync().ConfigureAwait(false);
        Near.Dispose();
        await _usage.DisposeAsync().ConfigureAwait(false);
        if (_churn is not null)
        {
            await _churn.DisposeAsync().ConfigureAwait(false);
        }

        if (_zooKeeper is not null)
        {
            await _zooKeeper.DisposeAsync().ConfigureAwait(false);
        }

        await _rules.DisposeAsync().ConfigureAwait(false);
        _registry.Dispose();
        await _servers.DisposeAsync().ConfigureAwait(false);
        _metrics.Dispose();
    }
}
