namespace NearCache.Coherence.Identity.Core;

/// <summary>
/// Merges the documents of other processes into what this process knows, and decides what to write back: the deterministic part of the
/// exchange.
/// </summary>
/// <param name="register">What this process knows of the identities.</param>
/// <param name="servers">Returns the names of the present servers.</param>
/// <param name="placement">Returns the placement of this process; null until its prefix is decided.</param>
internal sealed class IdentityReconciler(
    IdentityRegister register,
    Func<IReadOnlyCollection<string>> servers,
    Func<string?> placement)
{
    private const int MaxPlacements = 16;

    // The placements of a document that are compared. Any program can write one.
    private const int MaxCompared = 4 * MaxPlacements;

    // The bytes of one superseded identity in a document, rounded up.
    private const int BytesOfPast = 128;

    // The beats that are missing when a placement is removed from a document.
    private const int RemovedAfter = 20;

    private readonly PlacementComparison _placements = new();
    private readonly Lock _lock = new();   // guards the placements: the servers and ZooKeeper exchange at the same time

    /// <summary>Merges a document, and returns the one to store in its place; null if it is up to date.</summary>
    /// <param name="item">The place of the document: a server, or ZooKeeper.</param>
    /// <param name="stored">The document.</param>
    /// <param name="beatEvery">The milliseconds after which the beat of the placement is raised.</param>
    /// <param name="now">The monotonic millisecond.</param>
    public IdentityDocument? Reconcile(string item, IdentityDocument stored, long beatEvery, long now)
    {
        var compared = servers();
        foreach (var server in compared)
        {
            if (stored.Names.TryGetValue(server, out var knowledge))
            {
                register.Merge(server, knowledge);
            }
        }

        var (isNew, history) = (false, HistoryOf(compared.Count));
        var names = new Dictionary<string, NameKnowledge>(stored.Names);
        foreach (var server in compared)
        {
            if (register.Knowledge(server)?.Newest(history) is { } known && (known.Current.Count > 0 || known.Past.Count > 0))
            {
                isNew |= !names.TryGetValue(server, out var before) || !SaysAsMuch(before, known);
                names[server] = known;
            }
        }

        var beats = Beats(item, stored, beatEvery, now, ref isNew);
        return isNew ? new IdentityDocument(names, beats).Bounded(compared) : null;
    }

    /// <summary>Records that a document was stored.</summary>
    public void Stored(string item, IdentityDocument document, long beatEvery, long now)
    {
        lock (_lock)
        {
            foreach (var (other, beat) in document.Placements)
            {
                _placements.Observe(item, other, beat, beatEvery, now);
            }
        }
    }

    /// <summary>Returns a placement other than that of this process that is in use; null if there is none.</summary>
    public string? OtherPlacement(long now)
    {
        lock (_lock)
        {
            return placement() is { } own ? _placements.Other(own, now) : null;
        }
    }

    // The superseded identities of each name that are told: those of all listed names fill at most half of a document.
    private static int HistoryOf(int servers) =>
        Math.Clamp(IdentityDocument.MaxBytes / 2 / BytesOfPast / Math.Max(servers, 1), 1, NameRecord.MaxPast);

    // The total alone is no news: it is written with the next beat.
    private static bool SaysAsMuch(NameKnowledge stored, NameKnowledge known) =>
        known.Current.SequenceEqual(stored.Current) && known.Past.All(past => stored.Past.Any(
            other => other.Id == past.Id && (other.IsSimultaneous || !past.IsSimultaneous)));

    private Dictionary<string, long> Beats(string item, IdentityDocument stored, long beatEvery, long now, ref bool isNew)
    {
        lock (_lock)
        {
            _placements.Forget(now);
            foreach (var (other, number) in stored.Placements.Take(MaxCompared))
            {
                _placements.Observe(item, other, number, beatEvery, now);
            }

            var beats = stored.Placements
                .Where(other => !_placements.IsSilent(item, other.Key, RemovedAfter * beatEvery, now))
                .Take(MaxPlacements)
                .ToDictionary();
            if (placement() is { } own
                && (!beats.TryGetValue(own, out var beat) || _placements.IsSilent(item, own, beatEvery, now)))
            {
                beats[own] = beat == long.MaxValue ? 1 : beat + 1;
                isNew = true;
            }

            return beats;
        }
    }
}
