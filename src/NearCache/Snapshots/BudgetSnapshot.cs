namespace NearCache;

/// <summary>The requests that one process may send to ZooKeeper, and those it has sent.</summary>
public sealed record BudgetSnapshot
{
    /// <summary>
    /// Gets the number of processes that share the namespace's budgets, counted about every 30 s. A new process assumes 1,000 until its
    /// count has not fallen for two minutes. A fall by half or more is accepted after five minutes.
    /// </summary>
    public required int Members { get; init; }

    /// <summary>Gets the announcements per second that this process may attempt: its own limit, or its share of the namespace's.</summary>
    public required double AnnouncementsPerSecond { get; init; }

    /// <summary>Gets the number of attempted announcements. Each is a transaction of the ensemble, even if it is refused.</summary>
    public required long Announcements { get; init; }

    /// <summary>Gets the number of keys that wait to be announced. They form one transaction.</summary>
    public required int Waiting { get; init; }

    /// <summary>Gets the slot reads per second that this process may make: its share of the namespace's deliveries.</summary>
    public required double ReadsPerSecond { get; init; }

    /// <summary>Gets the number of slot reads. At most one watch event precedes each.</summary>
    public required long Reads { get; init; }

    /// <summary>Gets the shortest time between two reads of a slot.</summary>
    public required TimeSpan Pace { get; init; }

    /// <summary>Gets the number of slots, of 8, that a fleet of this size uses.</summary>
    public required int Slots { get; init; }

    /// <summary>Gets the number of writes that the ensemble refused because of a quota. A pause of 2 s to 5 minutes follows each.</summary>
    public long QuotaRefusals { get; init; }

    /// <summary>Gets the size of the largest ring read last, in bytes; at most 4,096.</summary>
    public required int LargestRing { get; init; }
}
