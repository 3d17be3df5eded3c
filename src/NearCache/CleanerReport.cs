namespace NearCache;

/// <summary>What a <see cref="NamespaceCleaner"/> found and did so far.</summary>
/// <param name="Leftovers">Znodes that are not of today's layout and may be removed.</param>
/// <param name="Removed">How many of them are gone; those that somebody else removed meanwhile too.</param>
/// <param name="Alive">Ephemeral znodes, which belong to living sessions and stay; the members of the namespace are among them.</param>
/// <param name="Young">Znodes that stay because they were written too lately, or while they were to be removed.</param>
/// <param name="Transactions">How many transactions that took.</param>
public sealed record CleanerReport(long Leftovers, long Removed, long Alive, long Young, long Transactions);
