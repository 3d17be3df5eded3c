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
    public IReadOnlyList<Change> Before(DateTimeOffset? before, int limit) =>
        [.. _changes.Where(change => before is null || change.At < before).Reverse().Take(limit)];

    // Edits and stops are found again by a console that starts.
    private bool IsKnown(Change change) => change.Kind is ChangeKind.Edit or ChangeKind.Stop or ChangeKind.Suspended
        && _changes.Any(other => other.Kind == change.Kind && other.At == change.At && other.Subject == change.Subject);
}
