using System.Text;
using NearCache.Coherence;
using NearCache.Coherence.Carriers;
using NearCache.Coherence.Core;
using NearCache.Coherence.Ensemble;
using NearCache.Coherence.Ensemble.Core;
using NearCache.Coherence.Identity;
using NearCache.Coherence.Ledger;
using NearCache.Coherence.Namespaces;
using NearCache.Coherence.Registry;
using NearCache.Coherence.ServerRules;
using NearCache.Coherence.Slots;
using NearCache.Diagnostics;
using NearCache.Loops;
using NearCache.Near;
using NearCache.Remote;
using NearCache.ZooKeeper;

namespace NearCache.Composition;

/// <summary>Builds what talks to the ZooKeeper ensemble. Every request passes one gate with the budgets of the namespace.</summary>
internal sealed class EnsembleTier : IAsyncDisposable, IDisposable
{
    private readonly NearClock _clock;
    private readonly EnsembleGateway _gate;
    private readonly SlotChannel _slots;
    private readonly NamespaceKeeper _keeper;
    private readonly Membership _members;
    private readonly EnsembleInspector _inspector;
    private readonly EnsembleSession _driver;

    public EnsembleTier(
        CacheEnvironment environment,
        CoherenceContext context,
        RulesCoordinator rules,
        ServerDirectory servers,
        IdentityTier identities,
        RentedClient<ZooKeeperClient> client)
    {
        var (options, time, logger) = (environment.Options, environment.Time, environment.Logger);
        _clock = environment.Clock;
        _gate = new EnsembleGateway(client, options.Budgets.AnnouncementsPerNamespace, _clock, time, logger, context.LogBudget);
        var paths = new NamespacePaths(options.Namespace);
        var acl = options.Ensemble.Acl.Count == 0 ? ZNodeAcl.OpenToAll : AclParser.Parse(options.Ensemble.Acl);
        var damage = new LoopSignal(time);
        var board = BoardOf(environment);
        _slots = new SlotChannel(_gate, paths, context, board, servers, damage);
        var repairs = _gate.Lane(EnsembleRequest.CheckNamespace, EnsembleRequest.RepairNamespace, EnsemblePacing.RateLimited);
        var tree = new NamespaceTree(repairs, paths, acl);
        var reads = _gate.Lane(EnsembleRequest.ReadRules, EnsembleRequest.CarryStop, EnsemblePacing.Failures);
        var registry = new RegistrySync(reads, paths, context, rules, () => _slots.Pace, damage);
        _keeper = new NamespaceKeeper(
            tree, repairs, _gate, paths, _clock, time, logger, rules.SurveyAsync, board, damage, registry.Seen);
        var hold = options.Seams.TrustFirstCount ? 0 : MemberEstimate.StartHold;
        _members = new Membership(
            _gate,
            paths,
            context,
            acl,
            options.ZooKeeper.SessionTimeout,
            environment.Member,
            servers,
            new MemberEstimate(hold),
            _slots.MembersCounted,
            options.Seams.MembershipSpeed);
        var inspections = _gate.Lane(EnsembleRequest.Inspect, EnsembleRequest.SetQuota, EnsemblePacing.RateLimited);
        _inspector = new EnsembleInspector(inspections, paths, context, options.Ensemble, acl);
        var edits = _gate.Lane(EnsembleRequest.EditRules, EnsembleRequest.EditRules, EnsemblePacing.None);
        RegistryStore = new ZooKeeperRegistryStore(edits, paths);
        List<Func<CancellationToken, Task>> duties = [registry.RunAsync, _members.RunAsync, _inspector.RunAsync];
        if (context.HasCounters)
        {
            var comparisons = _gate.Lane(
                EnsembleRequest.CompareIdentities, EnsembleRequest.CompareIdentities, EnsemblePacing.RateLimited);
            var exchange = identities.EnsembleExchange = new IdentityExchange(
                context, identities.Reconciler, IdentityPacing.OfZooKeeper(() => _gate.Members), identities.ComparePlacements);
            IIdentityStore[] store = [new ZooKeeperIdentityStore(comparisons, paths, exchange.Hasten)];
            duties.Add(cancellationToken => exchange.RunAsync(() => store, cancellationToken));
        }

        _driver = new EnsembleSession(_gate, _keeper, _slots, context, _members.LeaveAsync, [.. duties]);
        if (!context.HasCounters)
        {
            var confirmations = _gate.Lane(EnsembleRequest.Confirm, EnsembleRequest.Confirm, EnsemblePacing.Failures);
            Confirmation = new SlotConfirmation(
                confirmations, paths, _slots, rules, context, options.Budgets.Deliveries, () => _driver.IsDelivering);
        }

        Observe(environment.Metrics);
    }

    public IRegistryStore RegistryStore { get; }

    /// <summary>Gets what confirms a remote without counters; null if the remote has counters.</summary>
    public IConfirmation? Confirmation { get; }

    /// <summary>Gets the carrier of announcements through slots. It takes them before a session exists.</summary>
    public ICarrier Carrier => _driver;

    /// <summary>Gets the number of processes that share the budgets of the namespace.</summary>
    public int Members => _slots.Members;

    /// <summary>Gets the state of the session.</summary>
    public string State => _driver.State;

    /// <summary>Gets the connection on which the session runs; null if there is none.</summary>
    public ZooKeeperConnectionInfo? Connection => _gate.Connection;

    /// <summary>Gets the number of attempted writes, each a transaction of the ensemble.</summary>
    public long Writes => _slots.Attempts;

    public BudgetSnapshot Budgets => _slots.Budgets;

    /// <summary>Gets the names of foreign nodes at the root of the ensemble, or null before they have been read.</summary>
    public IReadOnlyList<string>? Neighbours => _inspector.CoTenants;

    public void Start() => _driver.Start();

    public CoordinationSnapshot Snapshot()
    {
        var now = _clock.Monotonic();
        TimeSpan? Since(long? at) => at is { } then ? TimeSpan.FromMilliseconds(now - then) : null;
        var (state, (readAt, announcedAt), (requests, failures)) = (_keeper.State, _slots.Last, _gate.Total);
        return new CoordinationSnapshot
        {
            Namespace = state.Condition.ToString(),
            Problem = state.Problem,
            Command = state.Command,
            IsMember = _members.IsMember,
            RepliedBefore = Since(_gate.RepliedAt),
            SilentFor = TimeSpan.FromMilliseconds(now - (_gate.RepliedAt ?? _gate.MadeAt)),
            SlotReadBefore = Since(readAt),
            AnnouncedBefore = Since(announcedAt),
            Requests = requests,
            Failures = failures,
            Failing = [.. _gate.Failing.GroupBy(failure => failure.Purpose).Select(same => $"{same.Key} ({same.First().Reason})")],
        };
    }

    /// <summary>Closes the session at once, and waits for nothing.</summary>
    public void Dispose() => _gate.Dispose();

    public ValueTask DisposeAsync() => _driver.DisposeAsync();

    private static SlotBoard BoardOf(CacheEnvironment environment)
    {
        var member = KeyHash.Of(Encoding.ASCII.GetBytes(environment.Member)).Value;
        return new SlotBoard(
            environment.Options.Budgets, member, !environment.Remote.HasCounters, environment.MaxStaleness, environment.Time);
    }

    private void Observe(NearCacheMetrics metrics)
    {
        metrics.ObserveEnsemble(_gate.Sent, _gate.Failed);
        metrics.ObserveCoordination(Snapshot);
        metrics.ObserveBudgets(() => _slots.Budgets);
    }
}
