using System.Diagnostics.Metrics;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Logging.Abstractions;
using Microsoft.Extensions.Options;
using NearCache.Adapters.Distributed;
using NearCache.Adapters.Hybrid;
using NearCache.Advice;
using NearCache.Coherence.Core;
using NearCache.Configuration;
using NearCache.Creating;
using NearCache.Diagnostics;
using NearCache.Events;
using NearCache.HotKeys;
using NearCache.Near;
using NearCache.Ownership;
using NearCache.Placement;
using NearCache.Reading;
using NearCache.Remote;
using NearCache.Remote.DistributedCache;
using NearCache.Remote.Embedded;
using NearCache.Remote.Formats;
using NearCache.Remote.Memcached;
using NearCache.Reports;
using NearCache.Rules;
using NearCache.Why;
using NearCache.Writing;

namespace NearCache.Composition;

/// <summary>The parts of one cache, built, started and disposed in order.</summary>
/// <remarks>
/// This folder is the only place that knows every other: <see cref="NearTier"/>, <see cref="CoherenceTier"/> with
/// <see cref="EnsembleTier"/>, <see cref="CallPaths"/>, <see cref="CacheAdapters"/> and <see cref="BackgroundWork"/> each build one part.
/// </remarks>
internal sealed class CacheParts : IAsyncDisposable, IDisposable
{
    private readonly CacheEnvironment _environment;
    private readonly NearTier _near;
    private readonly CoherenceTier _coherence;
    private readonly CallPaths _paths;
    private readonly CacheAdapters _adapters;
    private readonly KeyDiagnoser _diagnoser;
    private readonly ConnectionOwners? _owners;
    private readonly BackgroundWork _background;
    private readonly ProcessReports _reports;
    private readonly EventDelivery _events;

    private CacheParts(CacheEnvironment environment, ClientPools clients)
    {
        _environment = environment;
        var (options, logger) = (environment.Options, environment.Logger);
        WarnAboutSettings(environment);
        _near = new NearTier(environment);
        _coherence = new CoherenceTier(environment, _near, clients);
        _paths = new CallPaths(environment, _near, _coherence);
        _adapters = new CacheAdapters(environment, _near, _paths);
        (Near, Reads, Writes, Creations) = (_near.Store, _paths.Reads, _paths.Writes, _paths.Creations);
        _coherence.Start();
        _background = new BackgroundWork(environment, _near, _coherence, _paths);
        var traffic = new TrafficReport(
            _paths.Traffic, _near.Rules, () => _coherence.Rules.Counted, options.Reports.Keys, options.Namespace, environment.Clock);
        _reports = new ProcessReports(environment, _coherence, traffic, Snapshot);
        Advisor = new RuleAdvisor(
            _reports.Reader is { } fleet ? new FleetTraffic(options.Namespace, fleet) : null,
            () => new ProcessDetail { Id = environment.Member, Keys = traffic.Keys(), Rules = traffic.Rules() },
            Registry,
            options);
        Func<CancellationToken, Task<FleetReports>>? reports = _reports.Reader is { } reader
            ? token => reader.ReadAsync(members: null, token)
            : null;
        IWriterNames writers = reports is null ? new NoWriterNames() : new ReportedWriters(reports);
        _diagnoser = new KeyDiagnoser(
            _paths.Placement, _near.Rules, Near, _coherence.Context, ValueTranscoder.Of(options), writers);
        _owners = reports is null
            ? null
            : new ConnectionOwners(
                () => _coherence.Servers.All.Select(server => server.Server),
                new ReportedConnections(reports, _reports.Reader!),
                environment.Time);
        _events = new EventDelivery(_near.Events, Registry, environment.Clock, environment.Metrics, logger);
        logger.Started(
            options.Namespace,
            environment.Remote.Servers.Count,
            environment.HasZooKeeper ? options.ZooKeeper.ConnectionString : "not configured");
    }

    public NearCacheOptions Options => _environment.Options;

    /// <summary>Gets the short id by which log records name this process.</summary>
    public WriterId Writer => _coherence.Context.Writer;

    public NearStore Near { get; }

    public KeyPlacement Placement => _paths.Placement;

    public ReadPath Reads { get; }

    public WritePath Writes { get; }

    public CreatePath Creations { get; }

    public IRuleRegistry Registry => _coherence.Registry;

    /// <summary>Gets the reader of the reports of all processes; null if the remote cannot hold reports.</summary>
    public ProcessReportReader? Reports => _reports.Reader;

    /// <summary>Gets what stores the reports of this process; null if it stores none.</summary>
    public ReportPublisher? ReportPublisher => _reports.Publisher;

    public IRuleAdvisor Advisor { get; }

    public NearCacheEvents Events => _near.Events;

    public IDistributedLock Locks => _adapters.Locks;

    /// <summary>Gets the parts of a <see cref="NearDistributedCache"/> over this cache.</summary>
    public DistributedParts Distributed => _adapters.Distributed;

    /// <summary>Builds the parts of a <see cref="NearHybridCache"/> over this cache.</summary>
    public HybridParts CreateHybrid(NearHybridCacheOptions adapter, IServiceProvider? services) =>
        _adapters.CreateHybrid(adapter, services);

    /// <summary>Validates the settings, builds the parts and starts them.</summary>
    /// <param name="options">The settings; copied.</param>
    /// <param name="loggerFactory">Creates the logger. Null disables logging.</param>
    /// <param name="meterFactory">Creates the meters. Null creates them without a factory.</param>
    /// <param name="time">The clocks and timers.</param>
    /// <param name="remote">A remote tier in the place of the one that the settings name.</param>
    /// <param name="clients">The pools of connections. Null gives the cache connections of its own.</param>
    /// <exception cref="OptionsValidationException">The settings are invalid.</exception>
    public static CacheParts Create(
        NearCacheOptions options,
        ILoggerFactory? loggerFactory,
        IMeterFactory? meterFactory,
        TimeProvider time,
        IRemote? remote = null,
        ClientPools? clients = null)
    {
        var copy = options.Copy();
        ThrowIfInvalid(copy);
        clients ??= new ClientPools(loggerFactory, meterFactory, time);
        var warnings = new WarningCounts(clients.Warnings);
        return BackgroundContext.Run(() => new CacheParts(
            new CacheEnvironment
            {
                Options = copy,
                Remote = remote ?? RemoteOf(copy, clients, time),
                Logger = warnings.Count((loggerFactory ?? NullLoggerFactory.Instance).CreateLogger("NearCache")),
                Warnings = warnings,
                Metrics = new NearCacheMetrics(meterFactory, copy.Namespace),
                Clock = new NearClock(time),
                Time = time,
            },
            clients));
    }

    /// <summary>Applies the reloadable settings, and logs which others changed.</summary>
    /// <exception cref="OptionsValidationException">The settings are invalid; nothing was changed.</exception>
    public void Reload(NearCacheOptions options)
    {
        ThrowIfInvalid(options);
        var (taken, waiting) = ReloadableSettings.Take(Options, options);
        _near.Reload(Options);
        _paths.Reload(Options);
        _coherence.Rules.Reload(RuleDefaults.Of(Options));
        _coherence.Rules.Configure(options.Rules);
        if (taken.Count > 0)
        {
            _environment.Logger.SettingsTaken(Options.Namespace, string.Join(", ", taken));
        }

        if (waiting.Count > 0)
        {
            _environment.Logger.SettingsWaiting(Options.Namespace, string.Join(", ", waiting));
        }
    }

    /// <summary>Replaces the list of memcached servers.</summary>
    public Task SetServersAsync(IEnumerable<string> servers) => BackgroundContext.Run(() => _coherence.ChangeServersAsync(servers));

    /// <summary>Gets every TCP connection of the cache.</summary>
    public IReadOnlyList<CacheConnection> Connections =>
        OwnedConnections.Of(
            _coherence.Servers.Connections,
            _coherence.Ensemble?.Connection,
            _coherence.BrokerConnections,
            _environment.Time.GetUtcNow());

    /// <summary>Finds the owners of the connections of each server.</summary>
    /// <exception cref="NotSupportedException">The remote has no servers that other processes connect to.</exception>
    public Task<IReadOnlyList<ConnectionOwnership>> ReadConnectionOwnersAsync(CancellationToken cancellationToken) =>
        (_owners ?? throw new NotSupportedException("The owners of connections are known for memcached servers only."))
        .ReadAsync(cancellationToken);

    /// <summary>Collects what is known of a key.</summary>
    public Task<KeyDiagnosis> DiagnoseAsync(string key, CancellationToken cancellationToken) =>
        _diagnoser.DiagnoseAsync(key, cancellationToken);

    public NearCacheSnapshot Snapshot()
    {
        var now = _environment.Clock.Now();
        var (rules, ensemble) = (_coherence.Rules, _coherence.Ensemble);
        var conflicts = _coherence.Conflicts.ToDictionary(conflict => conflict.Server, conflict => conflict.Text);
        return new NearCacheSnapshot
        {
            IsEmbedded = _environment.Remote.IsEmbedded,
            IsWarm = _background.IsWarm,
            AreRulesReadable = rules.AreReadable,
            Servers = [.. _coherence.Servers.All.Select(server => new ServerSnapshot
            {
                Name = server.Server.Name,
                IsServedNear = server.Gate.IsOpen(now, _environment.MaxStaleness),
                Conflict = conflicts.GetValueOrDefault(server.Server.Name),
                ConfirmedBefore = server.Gate.Confirmed == Timestamps.Never
                    ? null
                    : TimeSpan.FromMilliseconds(now.Monotonic - server.Gate.Confirmed.Monotonic),
            })],
            NearHits = Near.Hits,
            NearEntries = Near.Entries,
            NearBytes = Near.Bytes,
            NearEvictions = Near.Evictions,
            ZooKeeper = ensemble?.State ?? "None",
            ZooKeeperWrites = ensemble?.Writes ?? 0,
            Neighbours = ensemble?.Neighbours,
            Rules = [.. RuleSnapshots.Of(rules.Counted)],
            Budgets = ensemble?.Budgets,
            Coordination = ensemble?.Snapshot(),
            Carriers = [.. _coherence.Carriers.Select(carrier => carrier.Snapshot())],
            OtherPlacement = _coherence.OtherPlacement,
            Monitor = _background.Monitor,
            Stops = Registry.Current.Stops,
            RulesRevision = rules.Revision,
            Connections = Connections,
        };
    }

    /// <summary>Refuses calls, and closes the session and the sockets at once. <see cref="DisposeAsync"/> then ends the loops.</summary>
    public void Dispose()
    {
        _events.Dispose();
        _paths.Dispose();
        _near.Dispose();
        _coherence.Dispose();
    }

    public async ValueTask DisposeAsync()
    {
        _events.Dispose();
        await _reports.DisposeAsync().ConfigureAwait(false);
        await _background.DisposeAsync().ConfigureAwait(false);
        _paths.Dispose();
        await _paths.ReleaseLeasesAsync().ConfigureAwait(false);
        _near.Dispose();
        await _coherence.DisposeAsync().ConfigureAwait(false);
        _environment.Metrics.Dispose();
    }

    private static void ThrowIfInvalid(NearCacheOptions options)
    {
        if (new NearCacheOptionsValidator().Validate(null, options) is { Failed: true } mistakes)
        {
            throw new OptionsValidationException(nameof(NearCacheOptions), typeof(NearCacheOptions), mistakes.Failures);
        }
    }

    private static void WarnAboutSettings(CacheEnvironment environment)
    {
        if (environment.Remote.IsEmbedded)
        {
            environment.Logger.Embedded();
        }

        var name = environment.Options.Namespace;
        if (environment.HasZooKeeper && GeneratedName.ReasonFor(name, Environment.MachineName) is { } why)
        {
            environment.Logger.NamespaceLooksGenerated(name, why);
        }
    }

    private static IRemote RemoteOf(NearCacheOptions options, ClientPools clients, TimeProvider time) =>
        options.DistributedCache is { } other ? new DistributedCacheRemote(other, time)
        : options.Memcached.Servers.Count == 0
            ? new EmbeddedRemote(time)
            : new MemcachedRemote(
                clients.Memcached,
                options.EveryAddressIsAServer ? MemcachedSettings.WithoutNames(options.Memcached) : options.Memcached);
}
