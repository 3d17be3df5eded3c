namespace NearCache;

/// <summary>
/// The state of a cache at one instant, with totals since it was created. For pages and logs; metrics show the same over time.
/// </summary>
public sealed record NearCacheSnapshot
{
    /// <summary>Gets a value indicating whether the cache uses the embedded remote.</summary>
    public required bool IsEmbedded { get; init; }

    /// <summary>Gets a value indicating whether the cache has warmed up, or has used up <see cref="NearCacheOptions.WarmUp"/>.</summary>
    public required bool IsWarm { get; init; }

    /// <summary>Gets a value indicating whether the rules can be read. If not, nothing is served near.</summary>
    public required bool AreRulesReadable { get; init; }

    /// <summary>Gets the state of each memcached server.</summary>
    public required IReadOnlyList<ServerSnapshot> Servers { get; init; }

    /// <summary>Gets the number of reads that the near tier answered.</summary>
    public required long NearHits { get; init; }

    /// <summary>Gets the number of near entries.</summary>
    public required long NearEntries { get; init; }

    /// <summary>Gets the estimated memory of near entries, in bytes.</summary>
    public required long NearBytes { get; init; }

    /// <summary>Gets the number of entries evicted from the near tier.</summary>
    public required long NearEvictions { get; init; }

    /// <summary>Gets the state of the session to ZooKeeper; <c>None</c> if ZooKeeper is not configured.</summary>
    public required string ZooKeeper { get; init; }

    /// <summary>Gets the number of attempted writes to ZooKeeper. Each is a transaction of the ensemble.</summary>
    public required long ZooKeeperWrites { get; init; }

    /// <summary>
    /// Gets the names of foreign nodes at the root of the ZooKeeper ensemble. Empty if there are none; null before the first check.
    /// </summary>
    public IReadOnlyList<string>? Neighbours { get; init; }

    /// <summary>Gets the totals of the enabled rules in this process.</summary>
    public required IReadOnlyList<RuleSnapshot> Rules { get; init; }

    /// <summary>Gets the budgets of this process at ZooKeeper; null if ZooKeeper is not configured.</summary>
    public required BudgetSnapshot? Budgets { get; init; }

    /// <summary>
    /// Gets the communication through ZooKeeper and the state of the namespace there; null if ZooKeeper is not configured.
    /// </summary>
    public CoordinationSnapshot? Coordination { get; init; }

    /// <summary>Gets the carriers of announcements: ZooKeeper, message brokers. Empty if only audits find changes.</summary>
    public IReadOnlyList<CarrierSnapshot> Carriers { get; init; } = [];

    /// <summary>
    /// Gets the placement of keys of other processes, if it differs from that of this process; otherwise null. See
    /// <c>docs/coherence.md</c>.
    /// </summary>
    public string? OtherPlacement { get; init; }

    /// <summary>Gets the results of the monitor of near hits; null if it is disabled, or the remote has no counters.</summary>
    public MonitorSnapshot? Monitor { get; init; }

    /// <summary>Gets the stops in force in this process.</summary>
    public IReadOnlyList<RuleStop> Stops { get; init; } = [];

    /// <summary>Gets the revision of the applied rules.</summary>
    public required long RulesRevision { get; init; }

    /// <summary>Gets every TCP connection of the cache to memcached, ZooKeeper and message brokers.</summary>
    public IReadOnlyList<CacheConnection> Connections { get; init; } = [];
}

/// <summary>The state of one memcached server in a process.</summary>
public sealed record ServerSnapshot
{
    /// <summary>Gets the configured name.</summary>
    public required string Name { get; init; }

    /// <summary>
    /// Gets a value indicating whether the server's keys are served near: an audit has confirmed them within <c>MaxStaleness</c>.
    /// </summary>
    public required bool IsServedNear { get; init; }

    /// <summary>
    /// Gets why the name is not one server or has old contents, and the remedy, as a clause; null if nothing is known against it.
    /// </summary>
    public string? Conflict { get; init; }

    /// <summary>
    /// Gets the time since the last confirmed audit was sent, which bounds the staleness of a near hit. Null before the first.
    /// </summary>
    public required TimeSpan? ConfirmedBefore { get; init; }
}
