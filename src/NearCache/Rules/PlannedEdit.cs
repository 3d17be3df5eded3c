namespace NearCache.Rules;

/// <summary>What an edit of the registry makes of it.</summary>
/// <param name="Set">The rules after the edit.</param>
/// <param name="Put">The stops that the edit puts.</param>
internal sealed record PlannedEdit(RuleSet Set, StopSet Put)
{
    /// <summary>Plans an edit of the rules alone.</summary>
    public PlannedEdit(RuleSet set)
        : this(set, StopSet.None)
    {
    }

    /// <summary>Plans one edit that gives the rules the settings of a list.</summary>
    /// <param name="set">The present rules.</param>
    /// <param name="wanted">The rules after the edit. Unknown members of present rules stay.</param>
    /// <param name="prune">Whether rules that are not in the list are removed.</param>
    /// <returns>The edit; null if the rules are like that already, in whatever order.</returns>
    public static PlannedEdit? Apply(RuleSet set, IReadOnlyList<Rule> wanted, bool prune)
    {
        var byName = new Dictionary<string, Rule>(StringComparer.Ordinal);
        foreach (var rule in wanted)
        {
            if (!byName.TryAdd(rule.Name, rule))
            {
                throw new RuleRefusedException([$"More than one of the rules has the name \"{rule.Name}\"."]);
            }
        }

        var present = set.Rules.Select(rule => rule.Name).ToHashSet(StringComparer.Ordinal);
        var next = set.Next(
        [
            .. set.Rules.Where(rule => !prune || byName.ContainsKey(rule.Name)).Select(rule => byName.GetValueOrDefault(rule.Name, rule)),
            .. wanted.Where(rule => !present.Contains(rule.Name)),
        ]);
        return set.HasSameRules(next) ? null : new PlannedEdit(next);
    }

    /// <summary>Plans the edit that undoes an earlier one.</summary>
    /// <param name="document">The present registry.</param>
    /// <param name="revision">The revision that the earlier edit created.</param>
    /// <param name="now">The time of stops that are put again.</param>
    /// <returns>The edit; null if the earlier one changed nothing.</returns>
    /// <exception cref="RuleRefusedException">The earlier edit is not known, or what it changed was changed again.</exception>
    public static PlannedEdit? Undo(RegistryDocument document, long revision, DateTimeOffset now)
    {
        var (set, history) = (document.Set, document.History);
        if (history.LastOrDefault(edit => edit.Revision == revision) is not { } undone)
        {
            throw Refused(revision, history.IsEmpty
                ? "the registry has no history"
                : $"it is not in the history, which has revisions {history.Min(edit => edit.Revision)} to "
                    + $"{history.Max(edit => edit.Revision)}");
        }

        if (undone.Details?.Parse() is not { } change)
        {
            throw Refused(revision, "the history has its author and reason, but not what it changed: an older version or a person with "
                + "another tool made it, or it is too old or too large to be kept");
        }

        if (change.IsEmpty)
        {
            return null;
        }

        string[] conflicts = [.. change.Rules.Select(difference => Conflict(set, difference)).OfType<string>()];
        if (conflicts is not [])
        {
            throw Refused(revision, string.Join("; ", conflicts));
        }

        var added = change.Rules.Where(rule => rule.Before is null).Select(rule => rule.Name).ToHashSet(StringComparer.Ordinal);
        var changed = change.Rules.Where(rule => rule is { Before: not null, After: not null }).ToDictionary(
            rule => rule.Name, rule => rule.Before!, StringComparer.Ordinal);
        List<Rule> rules =
        [
            .. set.Rules.Where(rule => !added.Contains(rule.Name)).Select(rule => changed.GetValueOrDefault(rule.Name, rule)),
        ];
        foreach (var removed in change.Rules.Where(rule => rule.After is null).OrderBy(rule => rule.At))
        {
            rules.Insert(Math.Min(removed.At, rules.Count), removed.Before!);
        }

        // A cleared stop never counts again, so an equal one with another id takes its place.
        var put = StopSet.Of(change.Cleared.Stops.Select(
            stop => Stop.Now(stop.Rule, stop.Who, stop.Why, now, stop.IsVerified) with { Others = stop.Others }));
        return new PlannedEdit(set.Next(rules, change.Put), put);
    }

    private static string? Conflict(RuleSet set, RuleDifference difference)
    {
        var present = set.Rules.FirstOrDefault(rule => rule.Name == difference.Name);
        return (difference.After, present) switch
        {
            (null, null) => null,
            (null, _) => $"rule \"{difference.Name}\" has been added again",
            (_, null) => $"rule \"{difference.Name}\" has been removed since",
            var (after, now) => RuleSet.HaveSameSettings(after, now) ? null : $"rule \"{difference.Name}\" has been changed again",
        };
    }

    private static RuleRefusedException Refused(long revision, string why) => new([$"Revision {revision} cannot be undone: {why}."]);
}
