namespace NearCache;

/// <summary>
/// What a cache is doing at one instant, and how much it did since it was made. For pages and logs; the meters tell the same over time.
/// </summary>
public sealed record NearCacheSnapshot
{
    /// <summary>Whether it runs on the embedded remote.</summary>
    public required bool IsEmbedded { get; init; }

    /// <summary>Whether the cache has warmed up, or has taken <see cref="NearCacheOptions.WarmUp"/> for it.</summary>
    public required bool IsWarm { get; init; }

    /// <summary>Whether the rules can be read. If not, nothing is served near.</summary>
    public required bool AreRulesReadable { get; init; }

    /// <summary>The state of each memcached server.</summary>
    public required IReadOnlyList<ServerSnapshot> Servers { get; init; }

    /// <summary>Reads that the near tier answered.</summary>
    public required long NearHits { get; init; }

    /// <summary>Entries in the near tier.</summary>
    public required long NearEntries { get; init; }

    /// <summary>The bytes of memory that they take, by estimate.</summary>
    public required long NearBytes { get; init; }

    /// <summary>Entries that left the near tier because there was no room for them.</summary>
    public required long NearEvictions { get; init; }

    /// <summary>The session to ZooKeeper: <c>None</c> where it is not configured.</summary>
    public required string ZooKeeper { get; init; }

    /// <summary>Writes to ZooKeeper that this process attempted: each is a transaction of the ensemble.</summary>
    public required long ZooKeeperWrites { get; init; }

    /// <summary>
    /// Who else has nodes at the root of the ZooKeeper ensemble, by their names there; empty: nobody. Null: nobody has looked (yet).
    /// </summary>
    public IReadOnlyList<string>? Neighbours { get; init; }

    /// <summary>What the rules did in this process; of those that are enabled.</summary>
    public required IReadOnlyList<RuleSnapshot> Rules { get; init; }

    /// <summary>What this process may ask of ZooKeeper and has asked; null where it is not configured.</summary>
    public required BudgetSnapshot? Budgets { get; init; }

    /// <summary>
    /// What this process hears and announces through ZooKeeper, and how its namespace there stands; null where it is not configured.
    /// </summary>
    public CoordinationSnapshot? Coordination { get; init; }

    /// <summary>The stops in force in this process.</summary>
    public IReadOnlyList<RuleStop> Stops { get; init; } = [];

    /// <summary>The revision of the rules that are applied.</summary>
    public required long RulesRevision { get; init; }
}

/// <summary>One memcached server as a process sees it.</summary>
public sealed record ServerSnapshot
{
    /// <summary>As configured.</summary>
    public required string Name { get; init; }

    /// <summary>Whether its keys may be served near now: an audit has confirmed them within <c>MaxStaleness</c>.</summary>
    public required bool IsServedNear { get; init; }

    /// <summary>How long ago the last confirmed audit was sent: the bound on the staleness of a near hit now. Null: never yet.</summary>
    public required TimeSpan? ConfirmedBefore { get; init; }
}
