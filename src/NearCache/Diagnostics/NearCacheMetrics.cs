using System.Diagnostics.Metrics;

namespace NearCache.Diagnostics;

/// <summary>
/// The instruments of the meter <c>NearCache</c>. Methods are named after the event they count. Tags have a few fixed values, and never
/// contain a key.
/// </summary>
internal sealed class NearCacheMetrics : IDisposable
{
    /// <summary>The name of the meter.</summary>
    public const string MeterName = "NearCache";

    private static readonly string[] NamespaceStates = ["unknown", "whole", "repairing", "damaged", "newer"];

    private readonly Meter _meter;
    private readonly Counter<long> _reads;
    private readonly Counter<long> _fillsDiscarded;
    private readonly Counter<long> _flushes;
    private readonly Counter<long> _audits;
    private readonly Counter<long> _announcements;
    private readonly Counter<long> _remoteFailures;
    private readonly Counter<long> _unreadable;
    private readonly Counter<long> _factories;
    private readonly Counter<long> _nearMisses;
    private readonly Counter<long> _prefetches;
    private readonly Counter<long> _stale;
    private readonly Counter<long> _refreshFailures;
    private readonly Histogram<double> _factoryDuration;
    private readonly Histogram<double> _staleness;
    private readonly Counter<double> _closed;
    private readonly Counter<long> _churn;
    private readonly Counter<long> _conflicts;
    private readonly Counter<long> _hitChecks;
    private readonly Counter<long> _overwrites;
    private readonly Histogram<double> _voidDelay;
    private readonly Counter<long> _eventFailures;
    private readonly BoundedCounts<string> _nearMissCounts = new();
    private long _remoteReadCount;
    private long _remoteFailureCount;
    private long _factoryCount;

    /// <param name="meterFactory">Creates the meter; null to create it without a factory.</param>
    /// <param name="namespace">The namespace, as a tag that separates the series of several caches.</param>
    public NearCacheMetrics(IMeterFactory? meterFactory, string? @namespace = null)
    {
        var options = new MeterOptions(MeterName) { Tags = @namespace is null ? null : [new("nearcache.namespace", @namespace)] };
        _meter = meterFactory?.Create(options) ?? new Meter(options);
        _reads = _meter.CreateCounter<long>("nearcache.reads", "{read}", "Reads that went past the near tier, by where they ended.");
        _fillsDiscarded = _meter.CreateCounter<long>(
            "nearcache.near.fills_discarded", "{fill}", "Values read from memcached that were not kept near, by reason.");
        _flushes = _meter.CreateCounter<long>(
            "nearcache.near.flushes", "{flush}", "Segments of a server whose near entries were voided, by reason.");
        _audits = _meter.CreateCounter<long>("nearcache.audits", "{audit}", "Audits of a server, by how they ended.");
        _announcements = _meter.CreateCounter<long>(
            "nearcache.announcements",
            "{announcement}",
            "Announcements of changed keys through ZooKeeper or a message broker, by what became of them.");
        _remoteFailures = _meter.CreateCounter<long>(
            "nearcache.remote.failures", "{failure}", "Operations on memcached that failed, by operation.");
        _unreadable = _meter.CreateCounter<long>(
            "nearcache.remote.unreadable", "{value}", "Values that could not be read and were taken as misses, by reason.");
        _factories = _meter.CreateCounter<long>(
            "nearcache.factory.runs",
            "{run}",
            "Runs of callers' factories, by how they ended; one that is given up is counted again when it ends.");
        _factoryDuration = _meter.CreateHistogram<double>(
            "nearcache.factory.duration", "s", "How long callers' factories ran, the wait for their turn left out, by how they ended.");
        _eventFailures = _meter.CreateCounter<long>(
            "nearcache.events.failed", "{event}", "Exceptions of handlers of the application's events.");
        _stale = _meter.CreateCounter<long>(
            "nearcache.stale.served", "{read}", "Reads that were answered with a stale value, by what failed or was slow.");
        _nearMisses = _meter.CreateCounter<long>(
            "nearcache.near.misses",
            "{miss}",
            "Reads of keys with a rule that the near tier could not answer, by reason: there is no entry (absent), it ended, it was "
                + "voided with its segment, its rule was switched, its server is not confirmed, it is of another type.");
        _prefetches = _meter.CreateCounter<long>(
            "nearcache.near.prefetches",
            "{key}",
            "Keys that were prefetched, by cause (preload, refresh) and by outcome.");
        _refreshFailures = _meter.CreateCounter<long>(
            "nearcache.refresh.failures",
            "{failure}",
            "Values that were not refreshed in the background before their end, because their factory failed.");
        _churn = _meter.CreateCounter<long>(
            "nearcache.churn_breaker.trips", "{trip}", "Trips of the churn breaker that this process reported to the fleet, by rule.");
        _conflicts = _meter.CreateCounter<long>(
            "nearcache.identity.conflicts",
            "{conflict}",
            "Names of memcached servers that were found not to be one server or to have old contents, by case.");
        _hitChecks = _meter.CreateCounter<long>(
            "nearcache.monitor.checks",
            "{check}",
            "Near hits that the monitor checked against memcached, by outcome: the versions agreed, the entry was voided in time, the "
                + "difference is unclassified, the promise was broken (violation), or the check ended without a result.");
        _overwrites = _meter.CreateCounter<long>(
            "nearcache.remote.overwrites",
            "{value}",
            "Results of factories that may have overwritten a change on a remote without compare-and-set, by outcome of their removal.");
        _voidDelay = _meter.CreateHistogram(
            "nearcache.monitor.void_delay",
            "s",
            "How long after the monitor saw a newer version its near entry was void: at most so long.",
            advice: new InstrumentAdvice<double> { HistogramBucketBoundaries = [0.01, 0.1, 1, 5] });
        _closed = _meter.CreateCounter<double>(
            "nearcache.near.gate_closed",
            "s",
            "Time during which a server's keys were not served near, because no audit had confirmed them for MaxStaleness; summed over "
                + "the servers.");
        _staleness = _meter.CreateHistogram<double>(
            "nearcache.near.confirmation_age",
            "s",
            "How long before a near hit its server was last confirmed: the bound on the hit's staleness. A sample of the hits.");
    }

    public void HitChecked(string outcome) => _hitChecks.Add(1, Tag("outcome", outcome));

    public void VoidedAfter(TimeSpan delay) => _voidDelay.Record(delay.TotalSeconds);

    public void OverwriteRemoved(string outcome) => _overwrites.Add(1, Tag("outcome", outcome));

    public void GateWasClosed(TimeSpan time) => _closed.Add(time.TotalSeconds);

    /// <summary>Gets the number of reads that went past the near tier.</summary>
    public long RemoteReads => Interlocked.Read(ref _remoteReadCount);

    /// <summary>Gets the number of operations on memcached that failed.</summary>
    public long RemoteFailures => Interlocked.Read(ref _remoteFailureCount);

    /// <summary>Gets the number of factory runs.</summary>
    public long FactoryRuns => Interlocked.Read(ref _factoryCount);

    /// <summary>Gets the counted reasons of near misses.</summary>
    public IReadOnlyDictionary<string, long> NearMisses => _nearMissCounts.Snapshot();

    public void Read(string outcome)
    {
        Interlocked.Increment(ref _remoteReadCount);
        _reads.Add(1, Tag("outcome", outcome));
    }

    public void FillDiscarded(string reason) => _fillsDiscarded.Add(1, Tag("reason", reason));

    public void SegmentsFlushed(int segments, string reason) => _flushes.Add(segments, Tag("reason", reason));

    public void AuditEnded(string outcome) => _audits.Add(1, Tag("outcome", outcome));

    public void Announced(int keys, string outcome) => _announcements.Add(keys, Tag("outcome", outcome));

    public void RemoteFailed(string operation)
    {
        Interlocked.Increment(ref _remoteFailureCount);
        _remoteFailures.Add(1, Tag("operation", operation));
    }

    public void ValueUnreadable(string reason) => _unreadable.Add(1, Tag("reason", reason));

    public void FactoryRan(string outcome, TimeSpan took)
    {
        Interlocked.Increment(ref _factoryCount);
        _factories.Add(1, Tag("outcome", outcome));
        _factoryDuration.Record(took.TotalSeconds, Tag("outcome", outcome));
    }

    public void FactoryGivenUp() => _factories.Add(1, Tag("outcome", "given up"));

    /// <summary>Gets a value indicating whether the reasons of near misses are collected, which costs another lookup.</summary>
    public bool ObservesNearMisses => _nearMisses.Enabled;

    public void NearMissed(string reason)
    {
        _nearMissCounts.Add(reason);
        _nearMisses.Add(1, Tag("reason", reason));
    }

    public void Prefetched(string cause, string outcome) => _prefetches.Add(1, Tag("cause", cause), Tag("outcome", outcome));

    public void NotPrefetched(string cause, int keys)
    {
        if (keys > 0)
        {
            _prefetches.Add(keys, Tag("cause", cause), Tag("outcome", "given up"));
        }
    }

    public void RefreshFailed() => _refreshFailures.Add(1);

    public void StaleServed(string reason) => _stale.Add(1, Tag("reason", reason));

    public void ChurnBreakerTripped(string rule) => _churn.Add(1, Tag("rule", rule));

    public void IdentityConflict(string kind) => _conflicts.Add(1, Tag("kind", kind));

    public void ConfirmationAge(TimeSpan age) => _staleness.Record(age.TotalSeconds);

    /// <summary>Observes hits and sizes where they are counted, so that a hit makes no call to the meter.</summary>
    public void ObserveNear(Func<long> hits, Func<long> entries, Func<long> bytes, Func<long> evictions)
    {
        _meter.CreateObservableCounter("nearcache.near.hits", hits, "{hit}", "Reads that the near tier answered.");
        _meter.CreateObservableGauge("nearcache.near.entries", entries, "{entry}", "Entries in the near tier.");
        _meter.CreateObservableGauge(
            "nearcache.near.bytes", bytes, "By", "Bytes of memory that the entries in the near tier take, by estimate.");
        _meter.CreateObservableCounter(
            "nearcache.near.evictions", evictions, "{entry}", "Entries that left the near tier because there was no room for them.");
    }

    /// <summary>Observes the number of servers whose keys are not served near.</summary>
    public void ObserveServers(Func<long> closedServers) =>
        _meter.CreateObservableGauge(
            "nearcache.near.closed_servers",
            closedServers,
            "{server}",
            "Servers whose keys are not served near now, because no audit has confirmed them for MaxStaleness.");

    /// <summary>Observes the servers in conflict, and whether other processes place keys elsewhere.</summary>
    public void ObserveConflicts(Func<long> conflicts, Func<int> otherPlacement)
    {
        _meter.CreateObservableGauge(
            "nearcache.identity.servers_in_conflict",
            conflicts,
            "{server}",
            "Names whose keys are not served near now, because they are not one server or have old contents.");
        _meter.CreateObservableGauge(
            "nearcache.identity.placement_differs",
            otherPlacement,
            "{process}",
            "1 while another process of the namespace places keys on other servers or under another prefix.");
    }

    /// <summary>Observes each rule. The number of series is bounded by the size of a rule set.</summary>
    public void ObserveRules(Func<IEnumerable<RuleSnapshot>> rules)
    {
        void Count(string name, string unit, string description, Func<RuleSnapshot, long> count) =>
            _meter.CreateObservableCounter(
                name, () => rules().Select(rule => new Measurement<long>(count(rule), Tag("rule", rule.Name))), unit, description);

        Count("nearcache.rule.near_hits", "{read}", "Reads that the near tier answered, by rule.", rule => rule.NearHits);
        Count("nearcache.rule.remote_reads", "{read}", "Reads that went to memcached, by rule.", rule => rule.RemoteReads);
        Count("nearcache.rule.writes", "{write}", "Mutations, by rule.", rule => rule.Writes);
        Count("nearcache.rule.announcements", "{announcement}", "Mutations handed to ZooKeeper, by rule.", rule => rule.Announcements);
        _meter.CreateObservableGauge(
            "nearcache.rule.off",
            () => rules().Where(rule => !rule.IsDryRun).Select(rule => new Measurement<int>(rule.IsOn ? 0 : 1, Tag("rule", rule.Name))),
            "{rule}",
            "1 for a rule that is stopped, or that cannot be trusted because the rules cannot be read.");
        _meter.CreateObservableGauge(
            "nearcache.churn_breaker.state", () => rules().Where(rule => !rule.IsDryRun).Select(
                rule => new Measurement<int>(
                    (int)rule.ChurnBreaker,
                    Tag(
                        "rule",
                        rule.Name))), "{state}", "The churn breaker of a rule: 0 closed, 1 open (no write is announced), 2 half-open.");
    }

    /// <summary>Observes the budgets at ZooKeeper and their use.</summary>
    public void ObserveBudgets(Func<BudgetSnapshot> budgets)
    {
        _meter.CreateObservableGauge(
            "nearcache.budget.members",
            () => budgets().Members,
            "{process}",
            "Processes that share the namespace's budgets; 1,000 until they are counted.");
        _meter.CreateObservableGauge(
            "nearcache.budget.announcements.limit",
            () => budgets().AnnouncementsPerSecond,
            "{announcement}/s",
            "Announcements a second that this process may try.");
        _meter.CreateObservableCounter(
            "nearcache.budget.announcements",
            () => budgets().Announcements,
            "{announcement}",
            "Announcements that this process tried: transactions of the ensemble.");
        _meter.CreateObservableGauge(
            "nearcache.budget.announcements.waiting", () => budgets().Waiting, "{key}", "Keys that wait to be announced.");
        _meter.CreateObservableGauge(
            "nearcache.budget.reads.limit",
            () => budgets().ReadsPerSecond,
            "{read}/s",
            "Reads of slots a second that this process may make.");
        _meter.CreateObservableCounter("nearcache.budget.reads", () => budgets().Reads, "{read}", "Reads of slots that this process made.");
        _meter.CreateObservableGauge(
            "nearcache.budget.pace", () => budgets().Pace.TotalSeconds, "s", "How soon after the last one a slot is read again.");
        _meter.CreateObservableCounter(
            "nearcache.budget.quota_refusals",
            () => budgets().QuotaRefusals,
            "{write}",
            "Writes that the ensemble refused because a quota was used up.");
        _meter.CreateObservableGauge(
            "nearcache.budget.ring", () => budgets().LargestRing, "By", "The size of the largest ring that was read last; at most 4,096.");
    }

    /// <summary>Observes the requests to ZooKeeper, by purpose.</summary>
    public void ObserveEnsemble(Func<EnsembleRequest, long> sent, Func<EnsembleRequest, long> failed)
    {
        void Count(string name, string unit, string description, Func<EnsembleRequest, long> count) =>
            _meter.CreateObservableCounter(
                name, () => Enum.GetValues<EnsembleRequest>()
                    .Select(request => new Measurement<long>(count(request), Tag("purpose", Name(request)))), unit, description);

        Count("nearcache.budget.requests", "{request}", "Requests that this process sent to ZooKeeper, by purpose.", sent);
        Count("nearcache.budget.failures", "{request}", "Those among them that failed, by purpose.", failed);
    }

    /// <summary>Observes the communication through ZooKeeper, and the state of the namespace's nodes.</summary>
    public void ObserveCoordination(Func<CoordinationSnapshot?> coordination)
    {
        void Age(string name, string description, Func<CoordinationSnapshot, TimeSpan?> age) =>
            _meter.CreateObservableGauge(
                name, () => coordination() is { } now && age(now) is { } span
                    ? new[] { new Measurement<double>(span.TotalSeconds) }
                    : [], "s", description);

        Age("nearcache.coordination.reply_age", "How long ago a ZooKeeper server last replied to anything.", now => now.RepliedBefore);
        Age("nearcache.coordination.slot_read_age", "How long ago a slot was read last.", now => now.SlotReadBefore);
        Age("nearcache.coordination.announcement_age", "How long ago this process announced something last.", now => now.AnnouncedBefore);
        _meter.CreateObservableGauge(
            "nearcache.coordination.failing",
            () => coordination()?.Failing.Count ?? 0,
            "{purpose}",
            "Purposes whose requests to ZooKeeper fail now.");
        _meter.CreateObservableGauge(
            "nearcache.coordination.namespace",
            () =>
                NamespaceStates.Select(
                    state => new Measurement<int>(
                        coordination()?.Namespace.Equals(state, StringComparison.OrdinalIgnoreCase) == true ? 1 : 0, Tag("state", state))),
            "{namespace}",
            "1 for the state of the namespace's nodes in ZooKeeper, 0 for the others.");
    }

    /// <summary>Observes the carriers of announcements. The number of series is bounded by the number of carriers.</summary>
    public void ObserveCarriers(Func<IEnumerable<CarrierSnapshot>> carriers)
    {
        IEnumerable<Measurement<T>> Each<T>(Func<CarrierSnapshot, T> value)
            where T : struct =>
            carriers().Select(carrier => new Measurement<T>(value(carrier), Tag("carrier", carrier.Name)));

        _meter.CreateObservableGauge(
            "nearcache.carrier.delivering",
            () => Each(carrier => carrier.IsDelivering ? 1 : 0),
            "{carrier}",
            "1 while announcements of other processes arrive through the carrier.");
        _meter.CreateObservableGauge(
            "nearcache.carrier.delay",
            () => Each(carrier => carrier.ExpectedDelay.TotalSeconds),
            "s",
            "How long an announcement is expected to take through the carrier.");
        _meter.CreateObservableGauge(
            "nearcache.carrier.messages.limit",
            () => Each(carrier => carrier.MessagesPerSecond),
            "{message}/s",
            "Messages a second that this process may send through the carrier.");
        _meter.CreateObservableGauge(
            "nearcache.carrier.waiting", () => Each(carrier => carrier.Waiting), "{key}", "Keys that wait to be announced by the carrier.");
        _meter.CreateObservableCounter(
            "nearcache.carrier.messages",
            () => carriers().SelectMany(MessagesOf),
            "{message}",
            "Messages through the carrier, by what became of them: sent, failed (sent and not confirmed), received, unreadable, unsigned "
                + "or shed (received, and ignored).");
        _meter.CreateObservableCounter(
            "nearcache.carrier.connects",
            () => Each(carrier => carrier.Connects),
            "{connection}",
            "Connections that were opened to the broker.");
    }

    /// <summary>Observes the number of stops.</summary>
    public void ObserveStops(Func<int> stops) =>
        _meter.CreateObservableGauge("nearcache.stops", stops, "{stop}", "Stops in force in this process.");

    /// <summary>Counts an exception of a handler of the application's events.</summary>
    public void EventFailed() => _eventFailures.Add(1);

    public void ObserveDroppedEvents(Func<long> dropped) => _meter.CreateObservableCounter(
        "nearcache.events.dropped", dropped, "{event}", "Events of invalidated keys that were dropped, because handlers were slow.");

    public void Dispose() => _meter.Dispose();

    private static Measurement<long>[] MessagesOf(CarrierSnapshot carrier)
    {
        Measurement<long> Count(long count, string outcome) => new(count, Tag("carrier", carrier.Name), Tag("outcome", outcome));

        return
        [
            Count(carrier.Sent, "sent"),
            Count(carrier.Failed, "failed"),
            Count(carrier.Received, "received"),
            Count(carrier.Unreadable, "unreadable"),
            Count(carrier.WithoutSignature, "unsigned"),
            Count(carrier.Shed, "shed"),
        ];
    }

    private static string Name(EnsembleRequest request) => request switch
    {
        EnsembleRequest.CheckNamespace => "check_namespace",
        EnsembleRequest.RepairNamespace => "repair_namespace",
        EnsembleRequest.ReadSlot => "read_slot",
        EnsembleRequest.Announce => "announce",
        EnsembleRequest.ReadRules => "read_rules",
        EnsembleRequest.CarryStop => "carry_stop",
        EnsembleRequest.EditRules => "edit_rules",
        EnsembleRequest.CountMembers => "count_members",
        EnsembleRequest.KeepMember => "keep_member",
        EnsembleRequest.CompareIdentities => "compare_identities",
        EnsembleRequest.Inspect => "inspect",
        EnsembleRequest.SetQuota => "set_quota",
        _ => "confirm",
    };

    private static KeyValuePair<string, object?> Tag(string name, string value) => new(name, value);
}
