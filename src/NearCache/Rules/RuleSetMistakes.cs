using System.Globalization;
using NearCache.Configuration;

namespace NearCache.Rules;

/// <summary>Validates rule sets, before one is written and when one is read.</summary>
internal static class RuleSetMistakes
{
    /// <summary>The most keys that a rule may preload.</summary>
    public const int MaxPreload = 100;

    // All of ~nc, so that a later format can have prefixes of its own.
    private static readonly KeyPattern[] Reserved = [new("~nc*"), new("~tag:*")];

    /// <summary>Returns every mistake as a sentence; empty if there is none.</summary>
    public static IReadOnlyList<string> Of(RuleSet set)
    {
        var mistakes = Of(set.Rules);
        if (set.Revision < 0)
        {
            mistakes.Add($"The revision is {set.Revision}, but must not be negative.");
        }

        mistakes.AddRange(set.Rules.Where(rule => rule.Since < 1 || rule.Since > set.Revision)
            .Select(rule => $"Rule \"{rule.Name}\" has since {rule.Since}, but it must be from 1 to the set's revision {set.Revision}."));
        if (set.Content.Length > RuleSet.MaxBytes)
        {
            mistakes.Add(
                $"The set takes {set.Content.Length} bytes, but may take {RuleSet.MaxBytes}: use fewer rules or fewer preload keys.");
        }

        return mistakes;
    }

    /// <summary>Does the same for rules that are not yet a set.</summary>
    /// <param name="rules">The rules.</param>
    /// <param name="path">Returns the name of a rule by its index.</param>
    public static List<string> Of(IReadOnlyList<Rule> rules, Func<int, string>? path = null)
    {
        var mistakes = new List<string>();
        for (var i = 0; i < rules.Count; i++)
        {
            One(rules[i], path?.Invoke(i) ?? $"Rule \"{rules[i].Name}\"", mistakes);
        }

        mistakes.AddRange(rules.GroupBy(rule => rule.Name, StringComparer.Ordinal).Where(same => same.Skip(1).Any())
            .Select(same => $"{same.Count()} rules have the name \"{same.Key}\", but each needs one of its own."));
        Ties(rules, mistakes);
        return mistakes;
    }

    private static void One(Rule rule, string path, List<string> mistakes)
    {
        void Unless(bool isRight, string what, object? value, string right)
        {
            if (!isRight)
            {
                mistakes.Add(
                    string.Create(
                        CultureInfo.InvariantCulture,
                        $"{path}: {what} is {(value is string ? $"\"{value}\"" : value)}, but must be {right}."));
            }
        }

        var match = rule.Match;
        Unless(NameSyntax.IsValid(rule.Name), "Name", rule.Name, "1 to 64 letters, digits, '.', '_' and '-'");
        Unless(match.Text.Length <= KeyPattern.MaxCharacters, "Match", match.Text, $"at most {KeyPattern.MaxCharacters} characters long");
        Unless(
            match.LiteralPrefix.Length > 0,
            "Match",
            match.Text,
            "an exact key, or begin with literal characters: it would cover every key");
        Unless(
            match.LiteralPrefix.Length == 0 || !Array.Exists(Reserved, match.Overlaps),
            "Match",
            match.Text,
            "clear of the reserved prefixes ~nc and ~tag:");
        Unless(rule.NearLifetime is null || rule.NearLifetime > TimeSpan.Zero, "NearLifetime", rule.NearLifetime, "positive");
        Unless(
            rule.MissLifetime is null || rule.MissLifetime == TimeSpan.Zero || rule.MissLifetime >= TimeSpan.FromSeconds(1),
            "MissLifetime",
            rule.MissLifetime,
            "zero, or at least 00:00:01");
        Unless(
            rule.MaxStaleness is null || rule.MaxStaleness >= NearCacheOptions.MinMaxStaleness,
            "MaxStaleness", rule.MaxStaleness, $"at least {NearCacheOptions.MinMaxStaleness}");
        Unless(
            rule.MaxWritesPerSecond is null or (> 0 and < double.PositiveInfinity),
            "MaxWritesPerSecond",
            rule.MaxWritesPerSecond,
            "positive");
        Unless(
            rule.MaxFleetWritesPerSecond is null or (> 0 and < double.PositiveInfinity),
            "MaxFleetWritesPerSecond",
            rule.MaxFleetWritesPerSecond,
            "positive");
        Unless(rule.MaxEntries is null or > 0, "MaxEntries", rule.MaxEntries, "positive");
        Unless(rule.MaxBytes is null or > 0, "MaxBytes", rule.MaxBytes, "positive");
        Unless(Enum.IsDefined(rule.OnInvalidate), "OnInvalidate", rule.OnInvalidate, "Drop or Refresh");
        Unless(rule.Preload.Length <= MaxPreload, "Preload", $"{rule.Preload.Length} keys", $"at most {MaxPreload}");
        foreach (var key in rule.Preload.Where(key => !match.Matches(key)))
        {
            Unless(false, "Preload", key, $"a key that Match ({match}) covers");
        }
    }

    // Only patterns with the same literal prefix can tie and cover a common key.
    private static void Ties(IReadOnlyList<Rule> rules, List<string> mistakes)
    {
        foreach (var group in rules.GroupBy(rule => (rule.Match.LiteralPrefix, rule.Match.Specificity)))
        {
            var same = group.ToArray();
            for (var i = 0; i < same.Length; i++)
            {
                for (var j = i + 1; j < same.Length; j++)
                {
                    if (same[i].Match.Overlaps(same[j].Match))
                    {
                        mistakes.Add($"Rules \"{same[i].Name}\" ({same[i].Match}) and \"{same[j].Name}\" ({same[j].Match}) cover common "
                            + "keys, "
                            + "and neither is more specific: narrow one of them.");
                    }
                }
            }
        }
    }
}
