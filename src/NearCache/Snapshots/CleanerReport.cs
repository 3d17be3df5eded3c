namespace NearCache;

/// <summary>The progress of a <see cref="NamespaceCleaner"/>.</summary>
public sealed record CleanerReport
{
    /// <summary>Gets the number of znodes that are not part of the current layout and may be removed.</summary>
    public required long Leftovers { get; init; }

    /// <summary>Gets the number of removed znodes, including those that another client removed first.</summary>
    public required long Removed { get; init; }

    /// <summary>
    /// Gets the number of ephemeral znodes, which belong to living sessions and are preserved. They include the members of the namespace.
    /// </summary>
    public required long Alive { get; init; }

    /// <summary>Gets the number of znodes that are preserved because they were written recently, or during the removal.</summary>
    public required long Young { get; init; }

    /// <summary>Gets the number of transactions.</summary>
    public required long Transactions { get; init; }
}
