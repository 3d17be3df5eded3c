using System.Globalization;
using System.Text.RegularExpressions;

namespace NearCache.Deployment.Tests.Monitoring;

/// <summary>One line of the text format of Prometheus.</summary>
public sealed partial record Sample(string Name, IReadOnlyDictionary<string, string> Labels, double Value)
{
    /// <summary>The name with its labels.</summary>
    public string Series => $"{Name}{{{string.Join(',', Labels.Select(label => $"{label.Key}={label.Value}"))}}}";

    public static IEnumerable<Sample> Parse(string text) =>
        from line in text.Split('\n')
        let match = Line().Match(line)
        where match.Success
        select new Sample(
            match.Groups["name"].Value,
            Label().Matches(match.Groups["labels"].Value).ToDictionary(label => label.Groups[1].Value, label => label.Groups[2].Value),
            double.Parse(match.Groups["value"].Value.Replace("+Inf", "Infinity", StringComparison.Ordinal), CultureInfo.InvariantCulture));

    [GeneratedRegex(@"^(?<name>[a-zA-Z_:][\w:]*)(?:\{(?<labels>.*)\})? (?<value>\S+)")]
    private static partial Regex Line();

    [GeneratedRegex(@"(\w+)=""((?:[^""\\]|\\.)*)""")]
    private static partial Regex Label();
}
