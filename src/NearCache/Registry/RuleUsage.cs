namespace NearCache;

/// <summary>The use of a rule by all processes of a namespace, on average over the last whole minute.</summary>
/// <remarks>
/// For a dry run the numbers are what the rule would have done; near hits are estimated. Each process adds to counters on memcached about
/// every ten seconds of its wall clock. A process whose clock is off by more than a minute is not included, nor are counters of a failed
/// server.
/// </remarks>
public sealed record RuleUsage
{
    /// <summary>Gets the name of the rule.</summary>
    public required string Rule { get; init; }

    /// <summary>Gets the reads per second that a near tier answered.</summary>
    public required double NearHitsPerSecond { get; init; }

    /// <summary>Gets the reads per second that went to memcached.</summary>
    public required double RemoteReadsPerSecond { get; init; }

    /// <summary>Gets the writes per second to the rule's keys.</summary>
    public required double WritesPerSecond { get; init; }

    /// <summary>Gets the writes per second announced through ZooKeeper; one transaction can announce many.</summary>
    public required double AnnouncementsPerSecond { get; init; }
}
