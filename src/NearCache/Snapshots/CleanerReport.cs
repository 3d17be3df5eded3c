namespace NearCache;

/// <summary>What a <see cref="NamespaceCleaner"/> found and did so far.</summary>
public sealed record CleanerReport
{
    /// <summary>Znodes that are not of today's layout and may be removed.</summary>
    public required long Leftovers { get; init; }

    /// <summary>How many of them are gone; those that somebody else removed meanwhile too.</summary>
    public required long Removed { get; init; }

    /// <summary>Ephemeral znodes, which belong to living sessions and stay; the members of the namespace are among them.</summary>
    public required long Alive { get; init; }

    /// <summary>Znodes that stay because they were written too lately, or while they were to be removed.</summary>
    public required long Young { get; init; }

    /// <summary>How many transactions that took.</summary>
    public required long Transactions { get; init; }
}
