using System.CommandLine;
using System.CommandLine.Parsing;
using System.Globalization;

namespace NearCache.Cli.Commands;

/// <summary>Options whose value is a duration: <c>30s</c>, <c>5m</c>, <c>2h</c>, <c>hh:mm:ss</c>, or seconds.</summary>
internal static class Durations
{
    /// <summary>Creates an option that may be absent.</summary>
    public static Option<TimeSpan?> Option(string name, string description) =>
        new(name) { Description = description, HelpName = "TIME", CustomParser = Parse };

    /// <summary>Creates an option with a default.</summary>
    public static Option<TimeSpan?> Option(string name, string description, TimeSpan value) =>
        new(name) { Description = description, HelpName = "TIME", CustomParser = Parse, DefaultValueFactory = _ => value };

    /// <summary>Parses a duration; null if the text is none.</summary>
    public static TimeSpan? Parse(string text)
    {
        var seconds = text.Length == 0 ? 0 : text[^1] switch { 's' => 1, 'm' => 60, 'h' => 3600, _ => 0 };
        return double.TryParse(
                seconds > 0 ? text.AsSpan(0, text.Length - 1)
                    : text, NumberStyles.AllowDecimalPoint, CultureInfo.InvariantCulture, out var number)
            && number <= TimeSpan.FromDays(365).TotalSeconds
            ? TimeSpan.FromSeconds(number * Math.Max(seconds, 1))
            : text.Contains(':', StringComparison.Ordinal) && TimeSpan.TryParse(text, CultureInfo.InvariantCulture, out var time)
                && time >= TimeSpan.Zero ? time
            : null;
    }

    private static TimeSpan? Parse(ArgumentResult result)
    {
        var text = result.Tokens.Count > 0 ? result.Tokens[0].Value : "";
        if (Parse(text) is { } time)
        {
            return time;
        }

        result.AddError($"\"{text}\" is no duration: write 30s, 5m, 2h or hh:mm:ss.");
        return null;
    }
}
