namespace NearCache.Coherence.Identity.Core;

/// <summary>
/// Merges the documents of other processes into what this process knows, and decides what to write back: the deterministic part of the
/// exchange.
/// </summary>
/// <param name="register">What this process knows of the identities.</param>
/// <param name="placements">What it knows of the placements in use.</param>
/// <param name="servers">Returns the names of the present servers.</param>
/// <param name="placement">Returns the placement of this process; null until its prefix is decided.</param>
internal sealed class IdentityReconciler(
    IdentityRegister register,
    PlacementComparison placements,
    Func<IReadOnlyCollection<string>> servers,
    Func<string?> placement)
{
    private const int MaxPlacements = 16;

    /// <summary>Merges a document, and returns the one to store in its place; null if it is up to date.</summary>
    /// <param name="item">The place of the document: a server, or ZooKeeper.</param>
    /// <param name="holder">The name of the server that holds it, of which it says nothing; null for ZooKeeper.</param>
    /// <param name="stored">The document.</param>
    /// <param name="beatEvery">The milliseconds after which the beat of the placement is raised.</param>
    /// <param name="now">The monotonic millisecond.</param>
    public IdentityDocument? Reconcile(string item, string? holder, IdentityDocument stored, long beatEvery, long now)
    {
        var compared = servers().Where(server => server != holder).ToArray();
        foreach (var server in compared)
        {
            if (stored.Names.TryGetValue(server, out var knowledge))
            {
                register.Merge(server, knowledge);
            }
        }

        foreach (var (other, beat) in stored.Placements)
        {
            placements.Observe(item, other, beat, now);
        }

        var isNew = false;
        var names = new Dictionary<string, NameKnowledge>(stored.Names);
        foreach (var server in compared)
        {
            if (register.Knowledge(server) is { } known && (known.Current.Count > 0 || known.Past.Count > 0))
            {
                isNew |= !names.TryGetValue(server, out var before) || !SaysAsMuch(before, known);
                names[server] = known;
            }
        }

        var beats = Beats(item, stored, beatEvery, now, ref isNew);
        return isNew ? new IdentityDocument(names, beats) : null;
    }

    /// <summary>Records that a document was stored.</summary>
    public void Stored(string item, IdentityDocument document, long now)
    {
        foreach (var (other, beat) in document.Placements)
        {
            placements.Observe(item, other, beat, now);
        }
    }

    // The total alone is no news: it is written with the next beat.
    private static bool SaysAsMuch(NameKnowledge stored, NameKnowledge known) =>
        known.Current.SequenceEqual(stored.Current) && known.Past.All(past => stored.Past.Any(
            other => other.Id == past.Id && (other.IsSimultaneous || !past.IsSimultaneous)));

    private Dictionary<string, long> Beats(string item, IdentityDocument stored, long beatEvery, long now, ref bool isNew)
    {
        var beats = stored.Placements
            .Where(other => !placements.IsSilent(item, other.Key, 5 * PlacementComparison.UnusedAfter, now))
            .Take(MaxPlacements)
            .ToDictionary();
        if (placement() is { } own
            && (!beats.TryGetValue(own, out var beat) || placements.IsSilent(item, own, beatEvery, now)))
        {
            beats[own] = beat == long.MaxValue ? 1 : beat + 1;
            isNew = true;
        }

        return beats;
    }
}
