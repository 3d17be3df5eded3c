using NearCache.Management.Core;

namespace NearCache.Management.Collecting;

/// <summary>The last changes of a fleet, in the order of their times. Not thread-safe.</summary>
internal sealed class RecentChanges
{
    private const int Most = 2_000;

    private readonly List<Change> _changes = [];

    /// <summary>Gets the last edit or stop; null if none is known.</summary>
    public Change? LastByAuthor => _changes.LastOrDefault(change => change.Who is not null);

    /// <summary>Adds changes.</summary>
    /// <returns>Those that were not known.</returns>
    public IReadOnlyList<Change> Add(IReadOnlyList<Change> changes)
    {
        Change[] added = [.. changes.Where(change => !IsKnown(change))];
        foreach (var change in added)
        {
            var at = _changes.FindLastIndex(other => other.At <= change.At) + 1;
            _changes.Insert(at, change);
        }

        if (_changes.Count > Most)
        {
            _changes.RemoveRange(0, _changes.Count - Most);
        }

        return added;
    }

    /// <summary>Adds changes that an earlier process has stored.</summary>
    public void Restore(IEnumerable<Change> changes) => Add([.. changes]);

    /// <summary>Returns changes before a time, the newest first.</summary>
    public ChangesPage Before(DateTimeOffset? before, int limit) => Page(Enumerable.Reverse(_changes), before, limit);

    /// <summary>Returns a page of changes before a time. Those of one instant are in one page, since the next begins before it.</summary>
    /// <param name="changes">The changes, the newest first.</param>
    /// <param name="before">The time; null for now.</param>
    /// <param name="limit">The number after which the page ends, as soon as the instant does.</param>
    public static ChangesPage Page(IEnumerable<Change> changes, DateTimeOffset? before, int limit)
    {
        var page = new List<Change>();
        foreach (var change in changes.Where(change => before is null || change.At < before))
        {
            if (page.Count >= limit && change.At != page[^1].At)
            {
                return new ChangesPage(page, HasMore: true);
            }

            page.Add(change);
        }

        return new ChangesPage(page, HasMore: false);
    }

    // Edits and stops are found again by a console that starts.
    private bool IsKnown(Change change) => change.Kind is ChangeKind.Edit or ChangeKind.Stop or ChangeKind.Suspended
        && _changes.Any(other => other.Kind == change.Kind && other.At == change.At && other.Subject == change.Subject);
}

/// <summary>A page of changes, the newest first.</summary>
/// <param name="Changes">The changes.</param>
/// <param name="HasMore">Whether there are older ones.</param>
internal sealed record ChangesPage(IReadOnlyList<Change> Changes, bool HasMore);
