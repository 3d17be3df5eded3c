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

    /// <summary>Gets the near hits for each write: what a write, with its announcement, is worth. Null if there were no writes.</summary>
    public double? NearHitsPerWrite => WritesPerSecond > 0 ? NearHitsPerSecond / WritesPerSecond : null;

    /// <summary>
    /// Gets the bytes per second that near hits did not read from memcached, by the mean size of the near entries. 0 for a dry run.
    /// </summary>
    public double SavedBytesPerSecond { get; init; }

    /// <summary>Gets the near entries of all processes together.</summary>
    public long NearEntries { get; init; }

    /// <summary>Gets the estimated memory of these entries, in bytes.</summary>
    public long NearBytes { get; init; }

    /// <summary>Gets how often the churn breaker has suspended the rule's announcements in the last hour.</summary>
    public int Suspensions { get; init; }
}
