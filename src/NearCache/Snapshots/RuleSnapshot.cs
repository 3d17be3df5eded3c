namespace NearCache;

/// <summary>The totals of a rule in one process, since the rule was added or its match or state changed.</summary>
public sealed record RuleSnapshot
{
    /// <summary>Gets the name of the rule.</summary>
    public required string Name { get; init; }

    /// <summary>Gets a value indicating whether the rule is in force: not stopped, and the rules can be read.</summary>
    public required bool IsOn { get; init; }

    /// <summary>Gets the number of reads that the near tier answered.</summary>
    public required long NearHits { get; init; }

    /// <summary>Gets the number of reads that went to memcached.</summary>
    public required long RemoteReads { get; init; }

    /// <summary>Gets the number of writes to the rule's keys.</summary>
    public required long Writes { get; init; }

    /// <summary>Gets the number of writes announced through ZooKeeper; one transaction can announce many.</summary>
    public required long Announcements { get; init; }

    /// <summary>
    /// Gets a value indicating whether the rule is a dry run. Its numbers are then what it would have done; near hits are estimated.
    /// </summary>
    public bool IsDryRun { get; init; }

    /// <summary>Gets the state of the churn breaker.</summary>
    public ChurnBreakerState ChurnBreaker { get; init; }

    /// <summary>Gets the process that saw the last trip of the churn breaker, and the reason; null while it is closed.</summary>
    public string? ChurnReason { get; init; }
}

/// <summary>
/// Specifies what the churn breaker lets a rule announce through ZooKeeper. Writes are counted on memcached in every state.
/// </summary>
public enum ChurnBreakerState
{
    /// <summary>Every write is announced.</summary>
    Closed,

    /// <summary>The keys were written too fast, so no process announces them. Near reads continue by audits.</summary>
    Open,

    /// <summary>The writes have slowed down. The fleet announces a few of them, until it is certain that they stay slow.</summary>
    HalfOpen,
}
