namespace NearCache.Management.Core;

/// <summary>What one reading of a fleet has shown. The core takes readings, and no clock or server.</summary>
internal sealed record FleetReading
{
    /// <summary>Gets the wall clock at the reading.</summary>
    public required DateTimeOffset At { get; init; }

    /// <summary>Gets the monotonic clock at the reading.</summary>
    public required TimeSpan Monotonic { get; init; }

    /// <summary>Gets the reports of processes.</summary>
    public required Observed<FleetReports> Reports { get; init; }

    /// <summary>Gets the rules in each place.</summary>
    public required FleetRules Rules { get; init; }

    /// <summary>Gets the use of each rule.</summary>
    public required Observed<IReadOnlyList<RuleUsage>> Usage { get; init; }

    /// <summary>Gets the suspended rules.</summary>
    public required Observed<IReadOnlyList<RuleSuspension>> Suspensions { get; init; }

    /// <summary>Gets the memcached servers.</summary>
    public required IReadOnlyList<FleetServer> Servers { get; init; }

    /// <summary>Gets the ZooKeeper ensemble; null if none is configured.</summary>
    public required FleetEnsemble? Ensemble { get; init; }

    /// <summary>
    /// Gets the owners of connections by server; empty unless a server had connections that no process reports. At most minutes old.
    /// </summary>
    public IReadOnlyList<ConnectionOwnership> Owners { get; init; } = [];

    /// <summary>Gets the processes that report.</summary>
    public IEnumerable<ProcessReport> Live =>
        Reports.Value?.Processes.Where(process => process.Status == ProcessReportStatus.Live) ?? [];

    /// <summary>
    /// Gets the 99th percentile of the time in which servers answer the process that waits longest; null if no process reports it.
    /// </summary>
    public TimeSpan? RemoteP99 => Live.Where(process => !FleetJudge.IsStarved(process)).Max(process => process.Summary!.RemoteLatency);

    /// <summary>Gets the rules and stops that count; null if they are unknown.</summary>
    public RegistrySnapshot? Registry => Rules.Current.Value;

    /// <summary>Gets the most nodes that a server of the ensemble reports; null if none does.</summary>
    public long? Nodes => Ensemble?.Servers.Max(server => server.Status.Value?.Nodes);

    /// <summary>Gets the suspended rules as far as they are known, without those of rules that were edited since.</summary>
    public IEnumerable<RuleSuspension> Suspended => Suspensions.Value?.Where(suspension => Registry is not { } rules
        || rules.Rules.Any(rule => rule.Settings.Name == suspension.Rule && rule.Since == suspension.Since)) ?? [];

    /// <summary>Returns the use of a rule; null if it is unknown.</summary>
    public RuleUsage? UsageOf(string rule) => Usage.Value?.FirstOrDefault(usage => usage.Rule == rule);

    /// <summary>Returns the edit that put a rule in force as it is; null if the history does not have it.</summary>
    public RegistryEdit? OriginOf(string rule) => Registry is { } registry
        && registry.Rules.FirstOrDefault(one => one.Settings.Name == rule) is { } found
            ? registry.History.LastOrDefault(edit => edit.Revision == found.Since)
                ?? registry.History.LastOrDefault(edit => edit.Changes?.Any(change => change.Name == rule) == true)
            : null;
}

/// <summary>The limits of a fleet by which a reading is judged, from the settings of its caches.</summary>
/// <param name="WritesPerSecond">The writes per second to the keys of one rule in one process.</param>
/// <param name="FleetWritesPerSecond">The writes per second to the keys of one rule in all processes.</param>
/// <param name="TransactionsPerSecond">The budget of transactions.</param>
/// <param name="MaxStaleness">The bound on staleness.</param>
internal sealed record FleetLimits(
    double WritesPerSecond, double FleetWritesPerSecond, double TransactionsPerSecond, TimeSpan MaxStaleness)
{
    /// <summary>Returns the limits of settings.</summary>
    public static FleetLimits Of(NearCacheOptions options) => new(
        options.MaxWritesPerSecond,
        options.MaxFleetWritesPerSecond ?? options.Budgets.AnnouncementsPerNamespace / 2,
        options.Budgets.AnnouncementsPerNamespace,
        options.MaxStaleness);

    /// <summary>Returns the writes per second of all processes above which a rule is suspended.</summary>
    public double FleetLimitOf(RuleOptions rule) =>
        rule.MaxFleetWritesPerSecond ?? Math.Max(FleetWritesPerSecond, rule.MaxWritesPerSecond ?? WritesPerSecond);
}
