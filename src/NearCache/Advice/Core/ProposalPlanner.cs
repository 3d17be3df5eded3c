using NearCache.Rules;

namespace NearCache.Advice.Core;

/// <summary>Proposes which rules to add, to promote and to remove.</summary>
/// <remarks>Takes the figures and the rules as arguments, and changes nothing.</remarks>
/// <param name="hot">The figures.</param>
/// <param name="registry">The rules, with their history.</param>
/// <param name="limits">What a rule may cost.</param>
internal sealed class ProposalPlanner(FleetHotKeys hot, RegistrySnapshot registry, AdviceLimits limits)
{
    // The reads per second that a new rule must save: at least so many, and this part of all remote reads of keys without a rule.
    private const double LeastSaved = 2;
    private const double LeastPart = 0.005;

    // The same for a rule over a single key.
    private const double LeastPartOfKey = 0.01;

    private const int MaxKeyRules = 10;
    private const int MaxExamples = 5;

    // Leaves room for a number, so that the name is free.
    private const int LongestName = 58;

    private readonly List<RuleProposal> _proposals = [];
    private readonly List<KeysNotProposed> _refused = [];
    private readonly double _least = Math.Max(LeastSaved, LeastPart * hot.UncoveredReadsPerSecond);

    /// <summary>Returns the advice.</summary>
    public RuleAdvice Plan()
    {
        var rules = new RuleReview(hot, registry, limits);
        _proposals.AddRange(rules.Review());
        var uncovered = hot.Prefixes.Where(prefix => CoveredBy(prefix.Prefix) is null).Select(Uncovered).ToArray();
        HotKey[] keys = [.. hot.Keys.Where(key => key.Rule is null && (key.IsHashed || CoveredBy(key.Key) is null))];
        var choice = new PrefixChoice(uncovered, [.. keys.Where(key => !key.IsHashed)], limits, _least);
        var chosen = choice.Choose();
        foreach (var prefix in chosen)
        {
            Add(prefix);
        }

        _refused.AddRange(choice.Refused());
        AddKeys(keys, uncovered, [.. chosen.Select(prefix => prefix.Prefix)]);
        return new RuleAdvice
        {
            Revision = registry.Revision,
            Proposals = [.. _proposals
                .OrderByDescending(proposal => proposal.Kind == ProposalKind.Remove)
                .ThenByDescending(proposal => proposal.Kind == ProposalKind.Remove
                    ? proposal.WritesPerSecond
                    : proposal.SavedReadsPerSecond)],
            NotProposed = [.. _refused.OrderByDescending(keys => keys.ReadsPerSecond + keys.WritesPerSecond)],
            HotKeys = hot,
            Notes = [.. hot.Notes, .. NotesOf()],
        };
    }

    private IEnumerable<string> NotesOf()
    {
        if (hot.Processes > 0 && hot.Observed < ConfidenceOf.Medium)
        {
            yield return $"The processes have counted for {Worth.Text(hot.Observed.TotalSeconds)} s only: ask again in a minute.";
        }

        var writes = _proposals.Where(proposal => proposal.Kind != ProposalKind.Remove).Sum(proposal => proposal.AnnouncementsPerSecond)
            + hot.Rules.Where(rule => rule.IsOn).Sum(rule => rule.AnnouncementsPerSecond);
        if (writes > limits.Announcements)
        {
            yield return $"The proposed rules and those in force would announce up to {Worth.Text(writes)} writes a second, and the "
                + $"namespace may announce {Worth.Text(limits.Announcements)}: audits would carry the rest, about a second later.";
        }
    }

    private void Add(HotPrefix prefix) => Propose(
        prefix.Prefix + "*",
        new Worth(prefix.RemoteReadsPerSecond, prefix.SavableReadsPerSecond, prefix.WritesPerSecond),
        prefix.NearEntries,
        prefix.MeanBytes,
        [.. hot.Keys.Where(key => !key.IsHashed && key.Key.StartsWith(prefix.Prefix, StringComparison.Ordinal)).Take(MaxExamples)],
        KeyPatternKind.Prefix);

    private void AddKeys(HotKey[] keys, HotPrefix[] prefixes, string[] chosen)
    {
        var least = Math.Max(LeastSaved, LeastPartOfKey * hot.UncoveredReadsPerSecond);
        bool Begins(HotKey key, string prefix) => !key.IsHashed && key.Key.StartsWith(prefix, StringComparison.Ordinal);
        var singles = keys.Where(key =>
            key.SavableReadsPerSecond >= least
            && key.Nature == KeyNature.Unknown
            && key.WritesPerSecond <= limits.FleetWrites
            && WorthOf(key).IsWorthARule
            && !Array.Exists(chosen, prefix => Begins(key, prefix))
            && !Array.Exists(prefixes, prefix => prefix.Nature != KeyNature.Unknown && Begins(key, prefix.Prefix)));
        foreach (var key in singles.OrderByDescending(key => key.SavableReadsPerSecond).Take(MaxKeyRules))
        {
            Propose(key.Key, WorthOf(key), entries: 1, key.MeanBytes, [key], key.IsHashed ? null : KeyPatternKind.Exact);
        }

        _refused.AddRange(keys
            .Where(key => key.Nature != KeyNature.Unknown
                && key.RemoteReadsPerSecond + key.WritesPerSecond >= 1
                && !_refused.Exists(refused => Begins(key, refused.Keys.TrimEnd('*'))))
            .Select(key => new KeysNotProposed
            {
                Keys = key.Key,
                Nature = key.Nature,
                Reason = $"The key looks like a {key.Nature.ToString().ToLowerInvariant()}.",
                ReadsPerSecond = key.RemoteReadsPerSecond,
                WritesPerSecond = key.WritesPerSecond,
            })
            .ToArray());
    }

    // The kind of the pattern is null if only the hash of the key is known.
    private void Propose(
        string keys, Worth worth, long entries, long? meanBytes, IReadOnlyList<HotKey> examples, KeyPatternKind? kind)
    {
        var settings = kind is null ? null : new RuleOptions { Name = FreeName(keys), Match = keys, DryRun = true };
        if (settings is not null && MistakesOf(settings, kind!.Value) is { } mistakes)
        {
            _refused.Add(new KeysNotProposed
            {
                Keys = keys,
                Nature = KeyNature.Unknown,
                Reason = $"A rule over these keys would be refused: {mistakes}",
                ReadsPerSecond = worth.Reads,
                WritesPerSecond = worth.Writes,
            });
            return;
        }

        var bytes = PrefixChoice.BytesOf(entries, meanBytes);
        _proposals.Add(new RuleProposal
        {
            Kind = ProposalKind.AddDryRun,
            Rule = settings?.Name ?? "",
            Keys = keys,
            Settings = settings,
            ReadsPerSecond = worth.Reads,
            SavedReadsPerSecond = worth.Saved,
            SavedBytesPerSecond = worth.Saved * (meanBytes ?? 0),
            WritesPerSecond = worth.Writes,
            AnnouncementsPerSecond = worth.Writes,
            AnnouncementBudget = limits.Announcements,
            NearEntries = entries,
            NearBytes = bytes,
            Confidence = ConfidenceOf.Of(hot, worth, limits),
            Reason = $"Of {Worth.Text(worth.Reads)} reads a second from memcached, near tiers would answer {Worth.Text(worth.Saved)} "
                + $"({Worth.Text(Math.Floor(100 * worth.Saved / worth.Reads))} %); {Worth.Text(worth.Writes)} writes a second. "
                + $"A process would keep about {Worth.Text(entries)} entries near, {Worth.TextOfBytes(bytes)}."
                + (kind is null ? " Only the hash of the key is known: Reports:Keys = Plain shows its name." : ""),
            Examples = examples,
        });
    }

    // Without what a new rule covers, which the rates still have for a minute.
    private HotPrefix Uncovered(HotPrefix prefix)
    {
        var covered = hot.Prefixes.Where(part => IsBelow(part, prefix) && CoveredBy(part.Prefix) is not null).ToArray();
        var tops = covered.Where(part => !Array.Exists(covered, other => IsBelow(part, other))).ToArray();
        return tops is [] ? prefix : prefix with
        {
            RemoteReadsPerSecond = Math.Max(prefix.RemoteReadsPerSecond - tops.Sum(part => part.RemoteReadsPerSecond), 0),
            SavableReadsPerSecond = Math.Max(prefix.SavableReadsPerSecond - tops.Sum(part => part.SavableReadsPerSecond), 0),
            WritesPerSecond = Math.Max(prefix.WritesPerSecond - tops.Sum(part => part.WritesPerSecond), 0),
        };
    }

    private static bool IsBelow(HotPrefix part, HotPrefix whole) =>
        part.Prefix.Length > whole.Prefix.Length && part.Prefix.StartsWith(whole.Prefix, StringComparison.Ordinal);

    // Null if no rule, whether in force or not, covers all keys with the prefix, or the key.
    private RegisteredRule? CoveredBy(string text) => registry.Rules.FirstOrDefault(rule =>
        new KeyPattern(rule.Settings.Match ?? "") is var pattern
            && (pattern.Kind == KeyPatternKind.Prefix
                ? text.StartsWith(pattern.LiteralPrefix, StringComparison.Ordinal)
                : pattern.Text == text));

    private string? MistakesOf(RuleOptions added, KeyPatternKind kind)
    {
        if (new KeyPattern(added.Match!).Kind != kind)
        {
            return "their names have wildcards.";
        }

        var mistakes = RuleSetMistakes.Of([.. registry.Rules.Select(rule => Rule.From(rule.Settings)), Rule.From(added)]);
        return mistakes is [] ? null : string.Join(" ", mistakes);
    }

    private string FreeName(string keys)
    {
        var letters = keys.TrimEnd('*').Select(letter => char.IsAsciiLetterOrDigit(letter) || letter is '.' or '_' ? letter : '-');
        var name = string.Concat(letters).Trim('-', '.', '_');
        name = name.Length == 0 ? "proposed" : name[..Math.Min(name.Length, LongestName)];
        HashSet<string?> taken =
            [.. registry.Rules.Select(rule => rule.Settings.Name), .. _proposals.Select(proposal => proposal.Rule)];
        return !taken.Contains(name)
            ? name
            : Enumerable.Range(2, taken.Count + 1).Select(number => $"{name}-{number}").First(other => !taken.Contains(other));
    }

    private static Worth WorthOf(HotKey key) => new(key.RemoteReadsPerSecond, key.SavableReadsPerSecond, key.WritesPerSecond);
}

/// <summary>The confidence in figures.</summary>
internal static class ConfidenceOf
{
    /// <summary>The time that must be observed for a medium confidence.</summary>
    public static readonly TimeSpan Medium = TimeSpan.FromSeconds(30);

    /// <summary>The time that must be observed for a high confidence.</summary>
    public static readonly TimeSpan High = TimeSpan.FromSeconds(60);

    // A figure that is closer to its limit is uncertain.
    private const double Distance = 2;

    /// <summary>Returns the confidence in a new rule.</summary>
    public static ProposalConfidence Of(FleetHotKeys hot, in Worth worth, AdviceLimits limits)
    {
        var isClose = worth.Saved < Distance * Worth.MinSavedPerWrite * worth.Writes
            || worth.Writes > limits.FleetWrites / Distance
            || worth.Saved < (1 + Worth.MinPart) / 2 * worth.Reads;
        return hot.Observed < Medium || isClose ? ProposalConfidence.Low
            : hot.Observed < High || hot.OtherProcesses > hot.Processes ? ProposalConfidence.Medium
            : ProposalConfidence.High;
    }
}
