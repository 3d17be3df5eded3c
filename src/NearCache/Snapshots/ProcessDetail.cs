namespace NearCache;

/// <summary>The long report of one process, read for one process on demand.</summary>
/// <remarks>Like a <see cref="ProcessSummary"/>, it is a claim.</remarks>
public sealed record ProcessDetail
{
    /// <summary>Gets the <see cref="ProcessSummary.Id"/> of the process.</summary>
    public required string Id { get; init; }

    /// <summary>Gets the time since the process stored the report, by the server's clock, in whole seconds.</summary>
    public TimeSpan Age { get; init; }

    /// <inheritdoc cref="ProcessSummary.NodeAddress"/>
    public string? NodeAddress { get; init; }

    /// <summary>Gets the memcached servers of the process.</summary>
    public IReadOnlyList<ReportedServer> Servers { get; init; } = [];

    /// <summary>Gets the number of near entries.</summary>
    public long NearEntries { get; init; }

    /// <summary>Gets the estimated memory of near entries, in bytes.</summary>
    public long NearBytes { get; init; }

    /// <summary>Gets the number of entries evicted from the near tier.</summary>
    public long NearEvictions { get; init; }

    /// <summary>
    /// Gets the number of near misses by reason. The reasons are counted only while the metric <c>nearcache.near.misses</c> is collected.
    /// </summary>
    public IReadOnlyDictionary<string, long> NearMisses { get; init; } = new Dictionary<string, long>();

    /// <summary>
    /// Gets the carriers of announcements; empty if the process has none, or its version reports none. See <c>docs/carriers.md</c>.
    /// </summary>
    public IReadOnlyList<ReportedCarrier> Carriers { get; init; } = [];

    /// <summary>Gets the communication with ZooKeeper; null if ZooKeeper is not configured.</summary>
    public ReportedZooKeeper? ZooKeeper { get; init; }

    /// <summary>
    /// Gets the hottest keys. Null if <c>Reports:Keys</c> is <see cref="KeyVisibility.None"/>, or the version of the process reports none.
    /// </summary>
    public ReportedKeys? Keys { get; init; }

    /// <summary>Gets the totals of the rules.</summary>
    public IReadOnlyList<ReportedRule> Rules { get; init; } = [];

    /// <summary>Gets the number of log events of level Warning and above, by event id.</summary>
    public IReadOnlyDictionary<int, long> Warnings { get; init; } = new Dictionary<int, long>();

    /// <summary>Gets the parts that were dropped because the report was too large, such as <c>rules</c>.</summary>
    public IReadOnlyList<string> Dropped { get; init; } = [];

    /// <summary>Gets the members of the report that this version does not know, each as JSON.</summary>
    public IReadOnlyDictionary<string, string> Others { get; init; } = new Dictionary<string, string>();
}

/// <summary>One memcached server in the report of a process.</summary>
public sealed record ReportedServer
{
    /// <summary>Gets the configured name.</summary>
    public required string Name { get; init; }

    /// <summary>Gets the identity of the server as the process has seen it; null if the process has seen none.</summary>
    public string? Identity { get; init; }

    /// <summary>Gets a value indicating whether the server's keys are served near.</summary>
    public bool IsServedNear { get; init; }

    /// <summary>Gets the time since the last confirmed audit was sent; null before the first.</summary>
    public TimeSpan? ConfirmedBefore { get; init; }

    /// <summary>
    /// Gets the 99th percentile of the time that the server took to reply to audits, in the last minute; null if it is not known.
    /// </summary>
    public TimeSpan? RemoteLatency { get; init; }

    /// <summary>Gets the number of open connections.</summary>
    public int ConnectionCount { get; init; }

    /// <summary>Gets the open connections; empty if the report has no room for them.</summary>
    public IReadOnlyList<ReportedConnection> Connections { get; init; } = [];
}

/// <summary>One connection in the report of a process.</summary>
public sealed record ReportedConnection
{
    /// <summary>
    /// Gets the local address and port, such as <c>10.0.0.7:51234</c> or <c>[fd00::7]:51234</c>. For a Unix domain socket it is the path.
    /// </summary>
    public required string Local { get; init; }

    /// <summary>Gets the time at which the connection was opened, by the clock of the process's machine.</summary>
    public required DateTimeOffset OpenedAt { get; init; }
}

/// <summary>One carrier of announcements in the report of a process.</summary>
public sealed record ReportedCarrier
{
    /// <inheritdoc cref="CarrierSnapshot.Name"/>
    public required string Name { get; init; }

    /// <inheritdoc cref="CarrierSnapshot.IsDelivering"/>
    public bool IsDelivering { get; init; }

    /// <summary>Gets why it does not deliver, as a clause; null if it delivers or if nothing is known.</summary>
    public string? Problem { get; init; }

    /// <summary>Gets the number of messages that were sent, confirmed or not.</summary>
    public long Sent { get; init; }

    /// <summary>Gets the number of messages that the broker did not confirm.</summary>
    public long Failed { get; init; }

    /// <summary>Gets the number of messages that were received, own ones included; of ZooKeeper, that of the reads of slots.</summary>
    public long Received { get; init; }

    /// <summary>Gets the messages a second that the process may send.</summary>
    public double MessagesPerSecond { get; init; }

    /// <summary>Gets the number of keys that wait to be announced.</summary>
    public int Waiting { get; init; }

    /// <summary>Gets the number of processes that share the budget of the namespace, as the process counted them.</summary>
    public int Members { get; init; }
}

/// <summary>The communication of a process with ZooKeeper, by its report.</summary>
public sealed record ReportedZooKeeper
{
    /// <summary>Gets the state of the session, such as <c>Connected</c>.</summary>
    public required string State { get; init; }

    /// <summary>Gets the number of requests that the process has sent.</summary>
    public long Requests { get; init; }

    /// <summary>Gets the number of failed requests.</summary>
    public long Failures { get; init; }

    /// <summary>Gets the number of attempted announcements. Each is a transaction of the ensemble.</summary>
    public long Announcements { get; init; }

    /// <summary>Gets the announcements per second that the process may attempt.</summary>
    public double AnnouncementsPerSecond { get; init; }

    /// <summary>Gets the number of keys that wait to be announced.</summary>
    public int Waiting { get; init; }

    /// <summary>Gets the number of writes that the ensemble refused because of a quota.</summary>
    public long QuotaRefusals { get; init; }

    /// <summary>Gets the number of processes that share the budgets, as the process counted them.</summary>
    public int Members { get; init; }

    /// <summary>Gets the connection of the session; null if there is none.</summary>
    public ReportedConnection? Connection { get; init; }
}

/// <summary>The totals of a rule in one process, by its report.</summary>
public sealed record ReportedRule
{
    /// <summary>Gets the name of the rule.</summary>
    public required string Name { get; init; }

    /// <summary>Gets a value indicating whether the rule is in force.</summary>
    public bool IsOn { get; init; }

    /// <summary>Gets a value indicating whether the rule is a dry run.</summary>
    public bool IsDryRun { get; init; }

    /// <summary>Gets the state of the churn breaker.</summary>
    public ChurnBreakerState ChurnBreaker { get; init; }

    /// <summary>Gets the number of reads that the near tier answered.</summary>
    public long NearHits { get; init; }

    /// <summary>Gets the number of reads that went to memcached.</summary>
    public long RemoteReads { get; init; }

    /// <summary>Gets the number of writes to the rule's keys.</summary>
    public long Writes { get; init; }

    /// <summary>Gets the number of writes announced through ZooKeeper.</summary>
    public long Announcements { get; init; }

    /// <summary>Gets the present rate of <see cref="NearHits"/>, which decays over a minute.</summary>
    public double NearHitsPerSecond { get; init; }

    /// <summary>Gets the present rate of <see cref="RemoteReads"/>.</summary>
    public double RemoteReadsPerSecond { get; init; }

    /// <summary>Gets the present rate of <see cref="Writes"/>.</summary>
    public double WritesPerSecond { get; init; }

    /// <summary>Gets the present rate of <see cref="Announcements"/>.</summary>
    public double AnnouncementsPerSecond { get; init; }

    /// <summary>Gets the number of near entries.</summary>
    public long NearEntries { get; init; }

    /// <summary>Gets the estimated memory of the near entries, in bytes.</summary>
    public long NearBytes { get; init; }

    /// <summary>Gets how often the churn breaker has suspended the rule's announcements in the last hour, in the whole fleet.</summary>
    public int Suspensions { get; init; }

    /// <summary>Gets for how long the process has counted the rule.</summary>
    public TimeSpan Observed { get; init; }
}
