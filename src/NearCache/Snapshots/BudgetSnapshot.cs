namespace NearCache;

/// <summary>What one process may ask of ZooKeeper now, and what it has asked.</summary>
public sealed record BudgetSnapshot
{
    /// <summary>
    /// How many processes share the namespace's budgets: counted every 30 s or so. A process that has just started assumes 1,000 until its
    /// count has not fallen for two minutes, and a fall by half or more is believed after five.
    /// </summary>
    public required int Members { get; init; }

    /// <summary>Announcements a second that this process may try: its own limit, or its share of the namespace's.</summary>
    public required double AnnouncementsPerSecond { get; init; }

    /// <summary>Announcements that it tried. Each is a transaction of the ensemble, also when it is refused.</summary>
    public required long Announcements { get; init; }

    /// <summary>Keys that wait to be announced. They are one transaction, whatever their number.</summary>
    public required int Waiting { get; init; }

    /// <summary>Reads of slots a second that this process may make: its share of the namespace's deliveries.</summary>
    public required double ReadsPerSecond { get; init; }

    /// <summary>Reads of slots that it made; each was announced by at most one watch event.</summary>
    public required long Reads { get; init; }

    /// <summary>How soon after the last one a slot is read again.</summary>
    public required TimeSpan Pace { get; init; }

    /// <summary>How many of the 8 slots are in use by a fleet of this size.</summary>
    public required int Slots { get; init; }

    /// <summary>Writes that the ensemble refused because a quota was used up. Each is followed by a pause, from 2 s to 5 minutes.</summary>
    public long QuotaRefusals { get; init; }

    /// <summary>The size of the largest ring that was read last, in bytes; at most 4,096.</summary>
    public required int LargestRing { get; init; }
}
