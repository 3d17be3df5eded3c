namespace NearCache.Advice.Core;

/// <summary>The settings of the caches that decide what a rule may cost.</summary>
internal sealed record AdviceLimits
{
    // The parts of a limit that one new rule may use.
    private const double PartOfWrites = 0.5;
    private const int PartOfRoom = 2;

    /// <summary>Gets the announcements per second that all rules of the namespace may make.</summary>
    public required double Announcements { get; init; }

    /// <summary>Gets the writes per second of a rule that the fleet may make.</summary>
    public required double FleetWrites { get; init; }

    /// <summary>Gets the writes per second of a rule that one process may make.</summary>
    public required double ProcessWrites { get; init; }

    /// <summary>Gets the entries that a new rule may take in a process.</summary>
    public required long Entries { get; init; }

    /// <summary>Gets the bytes that a new rule may take in a process.</summary>
    public required long Bytes { get; init; }

    /// <summary>Returns the limits of a new rule: a part of those above which rules are suspended, or entries evicted.</summary>
    public static AdviceLimits Of(NearCacheOptions options) => new()
    {
        Announcements = options.Budgets.AnnouncementsPerNamespace,
        FleetWrites = PartOfWrites * (options.MaxFleetWritesPerSecond ?? options.Budgets.AnnouncementsPerNamespace / 2),
        ProcessWrites = PartOfWrites * options.MaxWritesPerSecond,
        Entries = options.NearEntries / PartOfRoom,
        Bytes = options.NearBytes > 0 ? options.NearBytes / PartOfRoom : long.MaxValue,
    };
}
