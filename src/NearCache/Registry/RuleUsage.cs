namespace NearCache;

/// <summary>What all processes of a namespace did by a rule, on average over the last whole minute.</summary>
/// <remarks>
/// Of a dry run it is what the rule would have done, near hits by estimate. Each process adds to counters on memcached about every ten
/// seconds, by its wall clock; a process whose clock is off by more than a minute is left out, and so is what a dead server would have
/// counted.
/// </remarks>
public sealed record RuleUsage
{
    /// <summary>The rule's name.</summary>
    public required string Rule { get; init; }

    /// <summary>Reads that a near tier answered.</summary>
    public required double NearHitsPerSecond { get; init; }

    /// <summary>Reads that went to memcached.</summary>
    public required double RemoteReadsPerSecond { get; init; }

    /// <summary>Mutations of its keys.</summary>
    public required double WritesPerSecond { get; init; }

    /// <summary>Mutations handed to ZooKeeper; many travel in one transaction.</summary>
    public required double AnnouncementsPerSecond { get; init; }
}
