using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Logging.Abstractions;
using Microsoft.Extensions.Options;
using NearCache.Advice;
using NearCache.Advice.Core;
using NearCache.Coherence.Core;
using NearCache.Coherence.Ensemble;
using NearCache.Coherence.Registry;
using NearCache.Composition;
using NearCache.Diagnostics;
using NearCache.Loops;
using NearCache.Memcached;
using NearCache.Near;
using NearCache.Observing;
using NearCache.Ownership;
using NearCache.Reports;
using NearCache.Usage;
using NearCache.ZooKeeper;

namespace NearCache;

/// <summary>
/// Observes the caches of a namespace and their servers, and operates them, for programs that run no cache themselves: a console, a
/// command-line tool, a script.
/// </summary>
/// <remarks>
/// <para>
/// The client connects with the settings of the caches. It creates no counter, starts no registry, joins no members, keeps no rules on
/// servers and watches nothing. It writes only in the operations that say so, and with <see cref="FleetClientOptions.ReadOnly"/> never: its
/// identity in ZooKeeper then needs the right to read, and no other.
/// </para>
/// <para>
/// Every request passes a budget. Each part of an answer is a value or the reason why it is unknown, and a part that fails delays no other:
/// the client works while ZooKeeper, memcached or some of the servers are down.
/// </para>
/// <para>All members are thread-safe. <see cref="ReadOnlyRefusal"/> is the message of a refused operation.</para>
/// </remarks>
public sealed class FleetClient : IAsyncDisposable, IDisposable
{
    /// <summary>The message of the <see cref="NearCacheException"/> of an operation that a read-only client refuses.</summary>
    public const string ReadOnlyRefusal = ReadOnlyRegistryStore.Refusal;

    private const string NoZooKeeper = "no ZooKeeper is configured (ZooKeeper:ConnectionString)";

    private readonly FleetSettings _settings;
    private readonly FleetClientOptions _fleet;
    private readonly ILoggerFactory _loggers;
    private readonly TimeProvider _time;
    private readonly Observation _observation;
    private readonly ServerObserver? _servers;
    private readonly EnsembleGateway? _gate;
    private readonly EnsembleObserver? _ensemble;
    private readonly RulesObserver _rules;
    private readonly RuleRegistry _registry;
    private readonly UsageReader _usage;
    private readonly FleetStops _stops;
    private readonly FleetKeys? _keys;
    private readonly FleetDiagnoser? _diagnoser;
    private readonly ConnectionOwners? _owners;
    private readonly SuspensionsObserver? _suspensions;
    private readonly ReportsObserver _reports;
    private readonly FleetTraffic? _traffic;
    private readonly BackgroundLoop _session;

    private FleetClient(FleetSettings settings, FleetClientOptions fleet, ILoggerFactory loggers, TimeProvider time)
    {
        (_settings, _fleet, _loggers, _time) = (settings, fleet, loggers, time);
        var options = settings.Caches;
        var logger = loggers.CreateLogger("NearCache");
        var clock = new NearClock(time);
        var pools = new ClientPools(loggers, null, time);
        var names = new CounterNames(options.Namespace);
        _observation = new Observation(fleet.Timeout, time);
        _session = new BackgroundLoop(logger, "following the ZooKeeper session");
        IRegistryStore? store = null;
        if (settings.Memcached is { } memcached)
        {
            _servers = new ServerObserver(pools.Memcached, memcached, names, fleet, clock, time);
        }

        if (settings.ZooKeeper is { } zooKeeper)
        {
            var rates = new EnsembleRates(RequestBudget.BurstSeconds * fleet.RequestsPerSecond, fleet.RequestsPerSecond);
            _gate = new EnsembleGateway(
                pools.ZooKeeper.Rent(zooKeeper),
                options.Budgets.AnnouncementsPerNamespace,
                clock,
                time,
                logger,
                lines: null,
                rates)
            { IsReadOnly = fleet.ReadOnly };
            _ensemble = new EnsembleObserver(_gate, options.Namespace, fleet.Timeout, clock, time);
            store = new ZooKeeperRegistryStore(
                _gate.Lane(EnsembleRequest.EditRules, EnsembleRequest.EditRules, EnsemblePacing.None),
                new NamespacePaths(options.Namespace));
            _session.Run(FollowSessionAsync);
        }

        var reader = _servers is { Servers: var all } ? new ProcessReportReader(options.Namespace, () => all) : null;
        _reports = new ReportsObserver(reader, GetMembersAsync, _observation);
        _traffic = reader is null ? null : new FleetTraffic(options.Namespace, reader);
        var carried = new CarriedRules(names);
        _rules = new RulesObserver(store, carried, _servers?.Servers ?? [], _observation, clock, time);
        if (_servers is not null && reader is not null)
        {
            var placement = new FleetPlacement(options, names, _servers.Servers, _observation);
            _keys = new FleetKeys(options, names, placement, _servers, _observation);
            _suspensions = new SuspensionsObserver(names, _servers, _observation);
            _diagnoser = new FleetDiagnoser(options, names, placement, _servers, _rules, reader, _observation, clock);
            _owners = new ConnectionOwners(
                () => _servers.Servers,
                new ObserverConnections(new ReportedConnections(_reports.ReadKnownAsync, reader), _servers),
                time);
        }

        store ??= new CarriedRegistryStore(carried, _servers!.Servers);
        _usage = new UsageReader(
            new UsageCounterNames(options.Namespace),
            key => _servers?.OwnerOf(key) ?? throw new NearCacheException(NoMemcached),
            time);
        _registry = new RuleRegistry(
            fleet.ReadOnly ? new ReadOnlyRegistryStore(store) : store,
            fleet.ReadOnly ? new ReadOnlyRules(_rules) : _rules,
            _usage,
            clock,
            time,
            fleet.Timeout + TimeSpan.FromSeconds(1));
        _stops = new FleetStops(_rules, _registry, _reports, fleet.ObeyTimeout, time);
    }

    /// <summary>Gets the namespace.</summary>
    public string Namespace => _settings.Caches.Namespace;

    /// <summary>Gets a copy of the settings of the caches, with which this client connected.</summary>
    /// <remarks>It has the passwords of the settings, if there are any.</remarks>
    public NearCacheOptions Settings => _settings.Caches.Copy();

    /// <summary>Gets a value indicating whether every operation that changes something is refused.</summary>
    public bool IsReadOnly => _fleet.ReadOnly;

    /// <summary>Gets the registry of the rules, to read and to edit it.</summary>
    /// <remarks>
    /// <see cref="IRuleRegistry.Current"/> and <see cref="IRuleRegistry.WatchAsync"/> show what this client has last read or written, since
    /// it watches nothing: <see cref="GetRulesAsync"/> reads. Directly after connecting they show what the first server
    /// told. Without ZooKeeper, rules cannot be edited, and stops are cleared in what the memcached servers carry.
    /// </remarks>
    public IRuleRegistry Rules => _registry;

    private static string NoMemcached => "no memcached server is configured (Memcached:Servers)";

    /// <summary>Connects to the servers of a namespace. Servers that do not answer are no failure.</summary>
    /// <remarks>
    /// With <see cref="NearCacheOptions.EveryAddressIsAServer"/> the names of servers are resolved here. Connect another client after their
    /// addresses have changed.
    /// </remarks>
    /// <param name="options">The settings of the caches of the namespace; copied.</param>
    /// <param name="fleetOptions">The settings of the client. Default: the defaults.</param>
    /// <param name="loggerFactory">Creates the logger. Default: no logging.</param>
    /// <param name="timeProvider">The clock. Default: <see cref="TimeProvider.System"/>.</param>
    /// <param name="cancellationToken">Cancels the operation.</param>
    /// <returns>
    /// The client, when the first server has told the rules, all have answered, or <see cref="FleetClientOptions.Timeout"/> has passed.
    /// </returns>
    /// <exception cref="OptionsValidationException">The settings are invalid, or name no server. The message has every mistake.</exception>
    /// <exception cref="ArgumentException">The settings of the client are invalid.</exception>
    public static async Task<FleetClient> ConnectAsync(
        NearCacheOptions options,
        FleetClientOptions? fleetOptions = null,
        ILoggerFactory? loggerFactory = null,
        TimeProvider? timeProvider = null,
        CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(options);
        var fleet = (fleetOptions ?? new FleetClientOptions()).Checked();
        var time = timeProvider ?? TimeProvider.System;
        var settings = FleetSettings.Of(options);
        cancellationToken.ThrowIfCancellationRequested();
        settings = await settings.WithAddressesAsync(time, cancellationToken).ConfigureAwait(false);
        var client = BackgroundContext.Run(
            () => new FleetClient(settings, fleet, loggerFactory ?? NullLoggerFactory.Instance, time));
        try
        {
            // What the other places answer is known when they do.
            var reading = client.GetRulesAsync(cancellationToken);
            reading.Abandon();
            await (await Task.WhenAny(client._rules.IsKnown, reading).ConfigureAwait(false)).ConfigureAwait(false);
            return client;
        }
        catch
        {
            client.Dispose();
            throw;
        }
    }

    /// <summary>Connects with the settings of a configuration section, as <c>AddNearCache</c> reads it.</summary>
    /// <inheritdoc cref="ConnectAsync(NearCacheOptions, FleetClientOptions?, ILoggerFactory?, TimeProvider?, CancellationToken)"/>
    /// <param name="section">The section, such as <c>NearCache</c>.</param>
    /// <param name="fleetOptions">The settings of the client. Default: the defaults.</param>
    /// <param name="loggerFactory">Creates the logger. Default: no logging.</param>
    /// <param name="timeProvider">The clock. Default: <see cref="TimeProvider.System"/>.</param>
    /// <param name="cancellationToken">Cancels the operation.</param>
    public static Task<FleetClient> ConnectAsync(
        IConfiguration section,
        FleetClientOptions? fleetOptions = null,
        ILoggerFactory? loggerFactory = null,
        TimeProvider? timeProvider = null,
        CancellationToken cancellationToken = default) =>
        ConnectAsync(FleetConfiguration.Read(section), fleetOptions, loggerFactory, timeProvider, cancellationToken);

    /// <summary>Reads the rules in the registry and on every memcached server.</summary>
    public Task<FleetRules> GetRulesAsync(CancellationToken cancellationToken = default) => _rules.ReadAsync(cancellationToken);

    /// <summary>Reads the use of each rule by all processes in the last minute.</summary>
    public async Task<Observed<IReadOnlyList<RuleUsage>>> GetUsageAsync(CancellationToken cancellationToken = default) =>
        _servers is null
            ? Observed<IReadOnlyList<RuleUsage>>.Missing(NoMemcached)
            : await _observation.OfAsync(
                "memcached",
                token => _usage.ReadAsync([.. _registry.Current.Rules.Select(rule => rule.Settings.Name)], token),
                cancellationToken).ConfigureAwait(false);

    /// <summary>Reads which rules the churn breaker has suspended in the whole fleet.</summary>
    public async Task<Observed<IReadOnlyList<RuleSuspension>>> GetSuspensionsAsync(CancellationToken cancellationToken = default) =>
        _suspensions is null
            ? Observed<IReadOnlyList<RuleSuspension>>.Missing(NoMemcached)
            : await _suspensions.ReadAsync(cancellationToken).ConfigureAwait(false);

    /// <summary>Reads which processes have obeyed a stop by now. The methods that stop wait for them.</summary>
    /// <param name="stopId">The <see cref="RuleStop.Id"/> of the stop.</param>
    /// <param name="cancellationToken">Cancels the operation.</param>
    public Task<Observed<FleetObedience>> GetObedienceAsync(string stopId, CancellationToken cancellationToken = default)
    {
        ArgumentException.ThrowIfNullOrEmpty(stopId);
        return _stops.ReadObedienceAsync(stopId, cancellationToken);
    }

    /// <summary>Reads the value of a key, as it is stored. The read does not count as an access of the item.</summary>
    /// <param name="key">The key, as the application names it.</param>
    /// <param name="cancellationToken">Cancels the operation.</param>
    /// <exception cref="ArgumentException">The key is invalid.</exception>
    /// <exception cref="NearCacheException">No memcached server is configured, or the server failed.</exception>
    public Task<FleetValue> ReadValueAsync(string key, CancellationToken cancellationToken = default) =>
        (_keys ?? throw new NearCacheException($"Nothing was read: {NoMemcached}.")).ReadAsync(key, cancellationToken);

    /// <summary>Returns a key as it may be shown to people, by <see cref="ReportOptions.Keys"/> of the settings.</summary>
    /// <param name="key">The key, as the application names it.</param>
    public string ShowKey(string key)
    {
        ArgumentNullException.ThrowIfNull(key);
        return new KeyDisplay(_settings.Caches.Reports.Keys, Namespace).Of(key).Text;
    }

    /// <summary>Reads the statistics of every memcached server, and what it holds for the namespace.</summary>
    /// <returns>The servers in the order of the settings; empty if none is configured.</returns>
    public async Task<IReadOnlyList<FleetServer>> GetServersAsync(CancellationToken cancellationToken = default) =>
        _servers is null ? [] : await _servers.ReadAsync(cancellationToken).ConfigureAwait(false);

    /// <summary>
    /// Finds the owners of the connections of each memcached server: what the server lists is compared with what the processes report.
    /// </summary>
    /// <remarks>
    /// Reads all reports, and asks each server for its connections, which occupies one of its threads; so a server is asked at most every
    /// 30 seconds for all callers together, and <see cref="ConnectionOwnership.Age"/> tells how old the list is. Reports are claims, and
    /// some seconds old: a connection that was opened since is unaccounted.
    /// </remarks>
    /// <param name="cancellationToken">Cancels the wait.</param>
    /// <returns>
    /// One result for each server, in the order of the settings. One that does not answer has a <see cref="ConnectionOwnership.Problem"/>.
    /// Empty if no server is configured.
    /// </returns>
    public async Task<IReadOnlyList<ConnectionOwnership>> GetConnectionOwnersAsync(CancellationToken cancellationToken = default) =>
        _owners is null ? [] : await _owners.ReadAsync(cancellationToken).ConfigureAwait(false);

    /// <summary>
    /// Diagnoses a key: where it is, by which rule reads keep it near or why they do not, what its item is, and which processes wrote it in
    /// the last minute. <see cref="KeyDiagnosis.Summary"/> has the meaning in words.
    /// </summary>
    /// <remarks>
    /// This client has no near tier: the diagnosis is what all processes have in common (<see cref="KeyDiagnosis.HasNearTier"/> is false).
    /// What one process holds near, <see cref="NearCacheClient.WhyAsync"/> tells in that process. It reads the rules, the item, up to 1,024
    /// log records of its server, and the reports, and changes nothing. What cannot be known is in <see cref="KeyDiagnosis.Unknown"/>.
    /// </remarks>
    /// <param name="key">The key, as the application names it.</param>
    /// <param name="cancellationToken">Cancels the operation.</param>
    /// <exception cref="NearCacheException">No memcached server is configured.</exception>
    public Task<KeyDiagnosis> WhyAsync(string key, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(key);
        return _diagnoser is null
            ? throw new NearCacheException($"A key is diagnosed on its server: {NoMemcached}.")
            : _diagnoser.DiagnoseAsync(key, cancellationToken);
    }

    /// <summary>Reads the state of the ZooKeeper ensemble, and the nodes of the namespace.</summary>
    /// <returns>The ensemble; null if none is configured.</returns>
    public async Task<FleetEnsemble?> GetEnsembleAsync(CancellationToken cancellationToken = default) =>
        _ensemble is null ? null : await _ensemble.ReadAsync(cancellationToken).ConfigureAwait(false);

    /// <summary>Reads the members of the namespace: its processes that are connected to ZooKeeper.</summary>
    public async Task<Observed<IReadOnlyList<FleetMember>>> GetMembersAsync(CancellationToken cancellationToken = default) =>
        _ensemble is null
            ? Observed<IReadOnlyList<FleetMember>>.Missing(NoZooKeeper)
            : await _ensemble.ReadMembersAsync(cancellationToken).ConfigureAwait(false);

    /// <summary>Reads the reports of all processes, and the members that have no report: older versions, or reports that are off.</summary>
    /// <remarks>A report is a claim: every program that reaches memcached can write one.</remarks>
    public Task<Observed<FleetReports>> GetReportsAsync(CancellationToken cancellationToken = default) =>
        _reports.ReadAsync(cancellationToken);

    /// <summary>Reads the long report of one process.</summary>
    /// <param name="processId">The <see cref="ProcessReport.Id"/> of the process.</param>
    /// <param name="cancellationToken">Cancels the operation.</param>
    public Task<Observed<ProcessDetail>> GetReportAsync(string processId, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(processId);
        return _reports.ReadDetailAsync(processId, cancellationToken);
    }

    /// <summary>
    /// Reads what the processes read and write most, and the present use of the rules, from the long reports of at most 256 processes.
    /// </summary>
    /// <param name="cancellationToken">Cancels the operation.</param>
    public async Task<Observed<FleetHotKeys>> GetHotKeysAsync(CancellationToken cancellationToken = default) =>
        _traffic is null
            ? Observed<FleetHotKeys>.Missing(NoMemcached)
            : await _observation.OfAsync("memcached", token => _traffic.ReadAsync(own: null, token), cancellationToken)
                .ConfigureAwait(false);

    /// <summary>Reads the same and the rules, and proposes edits of the rules. Changes nothing: a person decides.</summary>
    /// <param name="cancellationToken">Cancels the operation.</param>
    public async Task<Observed<RuleAdvice>> GetProposalsAsync(CancellationToken cancellationToken = default)
    {
        var rules = GetRulesAsync(cancellationToken);
        var hot = await GetHotKeysAsync(cancellationToken).ConfigureAwait(false);
        var current = (await rules.ConfigureAwait(false)).Current;
        return hot.Select(known => current.Select(registry => Observed<RuleAdvice>.Of(
            new ProposalPlanner(known, registry, AdviceLimits.Of(_settings.Caches)).Plan())));
    }

    /// <summary>
    /// Follows the counted writes of all servers: of keys that rules cover, about a second after they were made, with their writers.
    /// </summary>
    /// <remarks>
    /// Reads the counters and the log records of each server twice a second. Of very many writes the newest are read, and the others only
    /// counted.
    /// </remarks>
    /// <param name="cancellationToken">Ends the sequence.</param>
    /// <exception cref="NearCacheException">No memcached server is configured.</exception>
    public IAsyncEnumerable<FleetWrites> WatchWritesAsync(CancellationToken cancellationToken = default) => _servers is null
        ? throw new NearCacheException($"Writes are counted on memcached: {NoMemcached}.")
        : new WriteWatch(
            new CounterNames(Namespace),
            _servers.Servers,
            token => _reports.ReadAsync(token),
            _observation,
            _time).FollowAsync(cancellationToken);

    /// <summary>Reads the namespaces of NearCache in the ensemble, at most 200 of them, its own first.</summary>
    public async Task<Observed<IReadOnlyList<FleetNamespace>>> GetNamespacesAsync(CancellationToken cancellationToken = default) =>
        _ensemble is null
            ? Observed<IReadOnlyList<FleetNamespace>>.Missing(NoZooKeeper)
            : await _ensemble.ReadNamespacesAsync(cancellationToken).ConfigureAwait(false);

    /// <summary>
    /// Reads which applications share the ensemble: one <c>exists</c> for each name at the root, at most 50. Nothing below is listed.
    /// </summary>
    public async Task<Observed<FleetCoTenants>> GetCoTenantsAsync(CancellationToken cancellationToken = default) =>
        _ensemble is null
            ? Observed<FleetCoTenants>.Missing(NoZooKeeper)
            : await _ensemble.ReadCoTenantsAsync(cancellationToken).ConfigureAwait(false);

    /// <summary>Counts the leftovers of other layouts under the namespace in ZooKeeper, at a limited rate. Removes nothing.</summary>
    /// <param name="options">The rate, and what is preserved. Default: the defaults.</param>
    /// <param name="progress">Receives a report after each batch.</param>
    /// <param name="cancellationToken">Stops after the current batch.</param>
    /// <exception cref="NearCacheException">No ZooKeeper is configured, it failed, or a list is too large.</exception>
    public Task<CleanerReport> FindLeftoversAsync(
        CleanerOptions? options = null, IProgress<CleanerReport>? progress = null, CancellationToken cancellationToken = default) =>
        Cleaner().FindAsync(options, progress, cancellationToken);

    /// <summary>
    /// Changes ZooKeeper: removes the leftovers that <see cref="FindLeftoversAsync"/> counts. See <see cref="NamespaceCleaner"/>.
    /// </summary>
    /// <param name="options">The rate, and what is preserved. Default: the defaults.</param>
    /// <param name="progress">Receives a report after each batch.</param>
    /// <param name="cancellationToken">Stops after the current batch.</param>
    /// <exception cref="NearCacheException">The client is read-only, or ZooKeeper failed. Run it again to continue.</exception>
    public Task<CleanerReport> CleanAsync(
        CleanerOptions? options = null, IProgress<CleanerReport>? progress = null, CancellationToken cancellationToken = default)
    {
        ThrowIfReadOnly();
        return Cleaner().CleanAsync(options, progress, cancellationToken);
    }

    /// <summary>
    /// Changes the registry and every memcached server: stops near caching by a rule, or by all rules, and waits until every process has
    /// obeyed. Works while ZooKeeper or some of the servers are down.
    /// </summary>
    /// <remarks>
    /// Every place is written at once: what does not answer delays no other, and a rule that any place shows is not looked for in the
    /// others. A process that is silent, or of a version without reports, is named and not waited for.
    /// </remarks>
    /// <param name="rule">The name of the rule; null for the whole namespace, including rules added later.</param>
    /// <param name="reason">The author of the stop, and the reason. <see cref="EditReason.IfRevision"/> has no effect.</param>
    /// <param name="cancellationToken">Cancels the wait; the stop may still be stored.</param>
    /// <returns>
    /// The stop, where it is stored, and which processes have obeyed, have not, or cannot say after
    /// <see cref="FleetClientOptions.ObeyTimeout"/>.
    /// </returns>
    /// <exception cref="ArgumentException">The rule does not exist, or the author is empty.</exception>
    /// <exception cref="NearCacheException">The client is read-only, or no place has stored the stop.</exception>
    public Task<FleetStop> StopAsync(string? rule, EditReason reason, CancellationToken cancellationToken = default) =>
        Stopping().StopAsync(rule, reason, progress: null, cancellationToken);

    /// <summary>
    /// Stops near caching as <see cref="StopAsync(string?, EditReason, CancellationToken)"/> does, and tells while it waits where the stop
    /// is stored and which processes have obeyed.
    /// </summary>
    /// <inheritdoc cref="StopAsync(string?, EditReason, CancellationToken)"/>
    /// <param name="rule">The name of the rule; null for the whole namespace, including rules added later.</param>
    /// <param name="reason">The author of the stop, and the reason. <see cref="EditReason.IfRevision"/> has no effect.</param>
    /// <param name="progress">
    /// Receives the stop whenever a place has answered, with the places that have, and after each look at the reports, the first at once.
    /// </param>
    /// <param name="cancellationToken">Cancels the wait; the stop may still be stored.</param>
    public Task<FleetStop> StopAsync(
        string? rule, EditReason reason, IProgress<FleetStop> progress, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(progress);
        return Stopping().StopAsync(rule, reason, progress, cancellationToken);
    }

    /// <summary>
    /// Changes the registry: clears stops by one edit, and waits until every process knows it. Needs ZooKeeper where one is configured.
    /// </summary>
    /// <param name="stops">The <see cref="RuleStop.Id"/> of each stop.</param>
    /// <param name="reason">The author of the edit, and the reason.</param>
    /// <param name="cancellationToken">Cancels the wait; the edit may still be made.</param>
    /// <exception cref="RuleRefusedException">A stop does not exist.</exception>
    /// <exception cref="NearCacheException">The client is read-only, or the registry could not be read or written.</exception>
    public Task<FleetResume> ResumeAsync(
        IReadOnlyCollection<string> stops, EditReason reason, CancellationToken cancellationToken = default) =>
        Stopping().ResumeAsync(stops, reason, progress: null, cancellationToken);

    /// <summary>
    /// Clears stops as <see cref="ResumeAsync(IReadOnlyCollection{string}, EditReason, CancellationToken)"/> does, and tells while it waits
    /// which processes know it.
    /// </summary>
    /// <inheritdoc cref="ResumeAsync(IReadOnlyCollection{string}, EditReason, CancellationToken)"/>
    /// <param name="stops">The <see cref="RuleStop.Id"/> of each stop.</param>
    /// <param name="reason">The author of the edit, and the reason.</param>
    /// <param name="progress">Receives which processes know the edit, at once and then every second.</param>
    /// <param name="cancellationToken">Cancels the wait; the edit may still be made.</param>
    public Task<FleetResume> ResumeAsync(
        IReadOnlyCollection<string> stops,
        EditReason reason,
        IProgress<FleetObedience> progress,
        CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(progress);
        return Stopping().ResumeAsync(stops, reason, progress, cancellationToken);
    }

    /// <summary>
    /// Changes memcached: removes a key, counts the removal, and leaves its log record, so that every process drops its near entry within
    /// about a second.
    /// </summary>
    /// <param name="key">The key, as the application names it.</param>
    /// <param name="cancellationToken">Cancels the wait; the removal may still be made.</param>
    /// <returns>Whether the key was there.</returns>
    /// <exception cref="ArgumentException">The key is invalid.</exception>
    /// <exception cref="NearCacheException">
    /// The client is read-only, no memcached server is configured, or the server failed. Then repeat the call, which is harmless.
    /// </exception>
    public Task<bool> RemoveKeyAsync(string key, CancellationToken cancellationToken = default) =>
        Writing().RemoveAsync(key, cancellationToken);

    /// <summary>
    /// Changes the counters on memcached, so that every process drops its near entry of a key within about a second, and reads the item
    /// again. Use it after another program has changed the item, which stays as it is.
    /// </summary>
    /// <param name="key">The key, as the application names it.</param>
    /// <param name="cancellationToken">Cancels the wait; the write may still be counted.</param>
    /// <exception cref="ArgumentException">The key is invalid.</exception>
    /// <exception cref="NearCacheException">
    /// The client is read-only, no memcached server is configured, or the server failed or has no counters. Repeating is harmless.
    /// </exception>
    public Task RefreshKeyAsync(string key, CancellationToken cancellationToken = default) =>
        Writing().RefreshAsync(key, cancellationToken);

    /// <summary>
    /// Changes the counters on memcached, so that every process drops all its near entries within a few seconds. Use it after another
    /// program has changed items. Nothing is removed from memcached.
    /// </summary>
    /// <returns>Whether each server has counted it.</returns>
    /// <exception cref="NearCacheException">The client is read-only, or no memcached server is configured.</exception>
    public Task<IReadOnlyList<FleetDelivery>> ClearNearAsync(CancellationToken cancellationToken = default) =>
        Writing().ClearNearAsync(cancellationToken);

    /// <summary>Closes the connections at once, and waits for nothing.</summary>
    public void Dispose()
    {
        _registry.Dispose();
        _rules.Watch.End();
        _gate?.Dispose();
        _servers?.Dispose();
    }

    /// <inheritdoc/>
    public async ValueTask DisposeAsync()
    {
        _registry.Dispose();
        _rules.Watch.End();
        await _session.DisposeAsync().ConfigureAwait(false);
        if (_gate is not null)
        {
            await _gate.DisposeAsync().ConfigureAwait(false);
        }

        if (_servers is not null)
        {
            await _servers.DisposeAsync().ConfigureAwait(false);
        }
    }

    private void ThrowIfReadOnly()
    {
        if (_fleet.ReadOnly)
        {
            throw new NearCacheException(ReadOnlyRefusal);
        }
    }

    private FleetStops Stopping()
    {
        ThrowIfReadOnly();
        return _stops;
    }

    private FleetKeys Writing()
    {
        ThrowIfReadOnly();
        return _keys ?? throw new NearCacheException($"Nothing was changed: {NoMemcached}.");
    }

    private NamespaceCleaner Cleaner() => _settings.ZooKeeper is { } zooKeeper
        ? new NamespaceCleaner(zooKeeper, Namespace, _loggers, _time)
        : throw new NearCacheException($"There is nothing to clean: {NoZooKeeper}.");

    // Ends the pauses of failed requests when there is a connection again.
    private async Task FollowSessionAsync(CancellationToken stopping)
    {
        await foreach (var change in _gate!.StateChangesAsync(stopping).ConfigureAwait(false))
        {
            if (change.State == ZooKeeperState.Connected)
            {
                _gate.Connected(change.IsNewSession);
            }
        }
    }
}
