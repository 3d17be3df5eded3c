namespace NearCache;

/// <summary>What a rule did in one process since it came or its match or enable changed there.</summary>
public sealed record RuleSnapshot
{
    /// <summary>The rule's name.</summary>
    public required string Name { get; init; }

    /// <summary>Whether it is in force: not stopped, and the rules can be read.</summary>
    public required bool IsOn { get; init; }

    /// <summary>Reads that the near tier answered.</summary>
    public required long NearHits { get; init; }

    /// <summary>Reads that went to memcached.</summary>
    public required long RemoteReads { get; init; }

    /// <summary>Mutations of its keys.</summary>
    public required long Writes { get; init; }

    /// <summary>Mutations handed to ZooKeeper; many travel in one transaction.</summary>
    public required long Announcements { get; init; }

    /// <summary>Whether it is only tried: then the other numbers are what it would have done, near hits by estimate.</summary>
    public bool IsDryRun { get; init; }

    /// <summary>What the churn breaker lets it announce.</summary>
    public ChurnBreakerState ChurnBreaker { get; init; }

    /// <summary>Which process saw the last trip of the churn breaker, and why; null while it is closed.</summary>
    public string? ChurnReason { get; init; }
}

/// <summary>What the churn breaker lets a rule announce through ZooKeeper. Writes are counted on memcached in each state.</summary>
public enum ChurnBreakerState
{
    /// <summary>Every write is announced.</summary>
    Closed,

    /// <summary>The keys were written too fast: no process announces them. Near reads go on by audits.</summary>
    Open,

    /// <summary>
    /// The keys have been quiet: the whole fleet announces a few of their writes, until it is known that they stay quiet.
    /// </summary>
    HalfOpen,
}
