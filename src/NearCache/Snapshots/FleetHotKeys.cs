namespace NearCache;

/// <summary>What the processes of a namespace read and write most, merged from their reports.</summary>
/// <remarks>
/// Rates are per second over all processes, and decay: an event counts half after 20 s, and an eighth after a minute. Reports are claims
/// of their processes, and the figures are estimates.
/// </remarks>
public sealed record FleetHotKeys
{
    /// <summary>Gets the hottest keys, the hottest first, at most 100.</summary>
    public required IReadOnlyList<HotKey> Keys { get; init; }

    /// <summary>
    /// Gets the busiest prefixes of keys without a rule, the busiest first, at most 100. Only of processes with <c>Reports:Keys</c>
    /// <see cref="KeyVisibility.Plain"/>.
    /// </summary>
    public required IReadOnlyList<HotPrefix> Prefixes { get; init; }

    /// <summary>Gets the rules that a process applies, those with most reads and writes first.</summary>
    public required IReadOnlyList<RuleRates> Rules { get; init; }

    /// <summary>Gets the remote reads per second of keys without a rule.</summary>
    public required double UncoveredReadsPerSecond { get; init; }

    /// <summary>Gets the writes per second of keys without a rule.</summary>
    public required double UncoveredWritesPerSecond { get; init; }

    /// <summary>Gets the number of processes whose figures are included.</summary>
    public required int Processes { get; init; }

    /// <summary>
    /// Gets the number of other live processes: their version reports no keys, <c>Reports:Keys</c> is <see cref="KeyVisibility.None"/>, or
    /// their report had no room.
    /// </summary>
    public required int OtherProcesses { get; init; }

    /// <summary>Gets for how long the process that has counted longest has counted.</summary>
    public required TimeSpan Observed { get; init; }

    /// <summary>Gets what is missing and why, for people.</summary>
    public required IReadOnlyList<string> Notes { get; init; }
}

/// <summary>One of the hottest keys of a namespace.</summary>
public sealed record HotKey
{
    /// <summary>Gets the key, or its hash such as <c>#zf0htAI-C5Fp</c>.</summary>
    public required string Key { get; init; }

    /// <summary>Gets a value indicating whether <see cref="Key"/> is a hash, because of <c>Reports:Keys</c>.</summary>
    public required bool IsHashed { get; init; }

    /// <summary>Gets the name of the rule that covers the key, in force or as a dry run; null for none.</summary>
    public required string? Rule { get; init; }

    /// <summary>Gets the reads per second that the near tiers answered, by a sample.</summary>
    public required double NearHitsPerSecond { get; init; }

    /// <summary>Gets the reads per second that the remote answered.</summary>
    public required double RemoteReadsPerSecond { get; init; }

    /// <summary>Gets the remote reads per second that near tiers would have answered.</summary>
    public required double SavableReadsPerSecond { get; init; }

    /// <summary>Gets the writes per second.</summary>
    public required double WritesPerSecond { get; init; }

    /// <summary>Gets the events per second that may be missing in the rates.</summary>
    public required double ErrorPerSecond { get; init; }

    /// <summary>Gets the mean size of the value in bytes; null if it was not measured.</summary>
    public long? MeanBytes { get; init; }

    /// <summary>Gets the mean duration of a remote read; null if it was not measured.</summary>
    public TimeSpan? MeanReadDuration { get; init; }

    /// <summary>Gets the number of processes that report the key.</summary>
    public required int Processes { get; init; }

    /// <summary>Gets what the key seems to be.</summary>
    public KeyNature Nature { get; init; }
}

/// <summary>One of the busiest prefixes of keys without a rule.</summary>
public sealed record HotPrefix
{
    /// <summary>Gets the prefix with its last separator, such as <c>product:</c>.</summary>
    public required string Prefix { get; init; }

    /// <summary>Gets the reads per second that the remote answered.</summary>
    public required double RemoteReadsPerSecond { get; init; }

    /// <summary>Gets the remote reads per second that near tiers would have answered.</summary>
    public required double SavableReadsPerSecond { get; init; }

    /// <summary>Gets the writes per second.</summary>
    public required double WritesPerSecond { get; init; }

    /// <summary>Gets the writes per second in the process with most.</summary>
    public required double WritesPerSecondInOneProcess { get; init; }

    /// <summary>Gets the entries that the process with most of them would keep near.</summary>
    public required long NearEntries { get; init; }

    /// <summary>Gets the mean size of a value in bytes; null if it was not measured.</summary>
    public long? MeanBytes { get; init; }

    /// <summary>Gets the number of processes that report the prefix.</summary>
    public required int Processes { get; init; }

    /// <summary>Gets what the keys seem to be.</summary>
    public KeyNature Nature { get; init; }
}

/// <summary>The present use of a rule by the processes of a namespace. For a dry run it is what the rule would do.</summary>
public sealed record RuleRates
{
    /// <summary>Gets the name of the rule.</summary>
    public required string Rule { get; init; }

    /// <summary>Gets a value indicating whether the rule is in force in a process.</summary>
    public required bool IsOn { get; init; }

    /// <summary>Gets a value indicating whether the rule is a dry run.</summary>
    public required bool IsDryRun { get; init; }

    /// <summary>Gets the state of the churn breaker.</summary>
    public required ChurnBreakerState ChurnBreaker { get; init; }

    /// <summary>Gets how often the churn breaker has suspended the rule's announcements in the last hour.</summary>
    public required int Suspensions { get; init; }

    /// <summary>Gets the reads per second that the near tiers answered.</summary>
    public required double NearHitsPerSecond { get; init; }

    /// <summary>Gets the reads per second that the remote answered.</summary>
    public required double RemoteReadsPerSecond { get; init; }

    /// <summary>Gets the writes per second.</summary>
    public required double WritesPerSecond { get; init; }

    /// <summary>Gets the writes per second that were handed to ZooKeeper.</summary>
    public required double AnnouncementsPerSecond { get; init; }

    /// <summary>Gets the bytes per second that near hits did not read from memcached, by the mean size of the near entries.</summary>
    public required double SavedBytesPerSecond { get; init; }

    /// <summary>Gets the number of near entries, over all processes.</summary>
    public required long NearEntries { get; init; }

    /// <summary>Gets the estimated memory of the near entries in bytes, over all processes.</summary>
    public required long NearBytes { get; init; }

    /// <summary>Gets for how long the process that has counted the rule longest has counted it.</summary>
    public required TimeSpan Observed { get; init; }

    /// <summary>Gets the number of processes that report the rule.</summary>
    public required int Processes { get; init; }
}

/// <summary>Specifies what keys seem to be, by their names and by how they are written.</summary>
public enum KeyNature
{
    /// <summary>Nothing tells that they are of another kind: data that may be worth keeping near.</summary>
    Unknown,

    /// <summary>Locks: written only if absent, and removed soon. Never worth a rule.</summary>
    Lock,

    /// <summary>Sessions, baskets: read and extended by one user. Never worth a rule.</summary>
    Session,

    /// <summary>Counters: read to be written. Never worth a rule.</summary>
    Counter,
}
