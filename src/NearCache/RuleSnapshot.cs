namespace NearCache;

/// <summary>What a rule did in one process since it came or its match or enable changed there.</summary>
/// <param name="Name">The rule's name.</param>
/// <param name="IsOn">Whether it is in force: not stopped, and the rules can be read.</param>
/// <param name="NearHits">Reads that the near tier answered.</param>
/// <param name="RemoteReads">Reads that went to memcached.</param>
/// <param name="Writes">Mutations of its keys.</param>
/// <param name="Announcements">Mutations handed to ZooKeeper; many travel in one transaction.</param>
/// <param name="IsDryRun">Whether it is only tried: then the other numbers are what it would have done, near hits by estimate.</param>
public sealed record RuleSnapshot(string Name, bool IsOn, long NearHits, long RemoteReads, long Writes, long Announcements, bool IsDryRun = false)
{
    /// <summary>What the churn breaker lets it announce.</summary>
    public ChurnBreakerState ChurnBreaker { get; init; }

    /// <summary>Which process saw the last trip of the churn breaker, and why; null while it is closed.</summary>
    public string? ChurnReason { get; init; }
}
