using System.CommandLine;
using System.CommandLine.Parsing;
using System.Globalization;
using System.Text;
using System.Text.Json;

namespace NearCache.Cli.Commands;

/// <summary>What a bundle says about a time in the past: the rules of then, and what the console has stored around it.</summary>
internal static class BundleTime
{
    // What the console has stored is taken this long before and after.
    private static readonly TimeSpan Around = TimeSpan.FromMinutes(30);

    private const int MaxLines = 20_000;

    /// <summary>Creates the option.</summary>
    public static Option<DateTimeOffset?> Option() => new("--at")
    {
        Description = "Also the rules of this time, and what the console has stored half an hour before and after it.",
        HelpName = "TIME",
        CustomParser = Parse,
    };

    /// <summary>Returns the rules of a time, from what is recorded of the edits since then.</summary>
    /// <param name="now">The rules and their history.</param>
    /// <param name="at">The time.</param>
    /// <param name="unknown">Why they are not known; null if they are.</param>
    public static IReadOnlyList<RuleOptions> RulesAt(RegistrySnapshot now, DateTimeOffset at, out string? unknown)
    {
        var rules = now.Rules.Select(rule => rule.Settings).ToDictionary(rule => rule.Name, StringComparer.Ordinal);
        unknown = null;
        var revision = now.Revision;
        foreach (var edit in now.History.Reverse().TakeWhile(edit => edit.When > at))
        {
            if (edit.Revision != revision || edit.Changes is not { } changes)
            {
                unknown = $"what the edit to revision {revision} changed is not recorded";
                return [];
            }

            foreach (var change in changes)
            {
                rules.Remove(change.Name);
                if (change.Before is { } before)
                {
                    rules[change.Name] = before;
                }
            }

            revision--;
        }

        // The first revision is no edit: the registry was created with its rules.
        if (revision > 1 && now.History.All(edit => edit.When > at))
        {
            unknown = $"the history begins at revision {revision + 1}, after this time";
            return [];
        }

        return [.. rules.Values.OrderBy(rule => rule.Name, StringComparer.Ordinal)];
    }

    /// <summary>Returns the lines that the console has stored around a time; empty if it has stored none.</summary>
    /// <param name="folder">The folder of the fleet in the console's data.</param>
    /// <param name="at">The time.</param>
    public static string StoredAround(string folder, DateTimeOffset at)
    {
        var lines = new StringBuilder();
        var (first, last) = (at - Around, at + Around);
        var count = 0;
        for (var day = first.UtcDateTime.Date; day <= last.UtcDateTime.Date; day = day.AddDays(1))
        {
            var path = Path.Combine(folder, day.ToString("yyyy-MM-dd", CultureInfo.InvariantCulture) + ".jsonl");
            foreach (var line in File.Exists(path) ? File.ReadLines(path) : [])
            {
                if (TimeOf(line) is { } time && time >= first && time <= last && count++ < MaxLines)
                {
                    lines.Append(line).Append('\n');
                }
            }
        }

        return lines.ToString();
    }

    // A line that a crash has cut off has no time.
    private static DateTimeOffset? TimeOf(string line)
    {
        try
        {
            using var json = JsonDocument.Parse(line);
            return json.RootElement.TryGetProperty("at", out var at) && at.TryGetDateTimeOffset(out var time) ? time : null;
        }
        catch (Exception e) when (e is JsonException or InvalidOperationException)
        {
            return null;
        }
    }

    private static DateTimeOffset? Parse(ArgumentResult result)
    {
        var text = result.Tokens.Count > 0 ? result.Tokens[0].Value : "";
        if (DateTimeOffset.TryParse(
            text, CultureInfo.InvariantCulture, DateTimeStyles.AssumeUniversal | DateTimeStyles.AdjustToUniversal, out var time))
        {
            return time;
        }

        result.AddError($"\"{text}\" is no time: write 2026-11-30T03:15Z.");
        return null;
    }
}
