using System.Text.Json;
using System.Text.RegularExpressions;
using NearCache.IntegrationTests;
using YamlDotNet.Serialization;

namespace NearCache.Deployment.Tests.Monitoring;

/// <summary>The expressions of deploy/monitoring, and the names in them.</summary>
internal static partial class Names
{
    public const string RulesFile = "deploy/monitoring/nearcache.rules.yml";
    public const string DashboardFile = "deploy/monitoring/grafana/nearcache.json";

    public static IReadOnlyList<Alert> Alerts { get; } = [.. ReadAlerts()];

    /// <summary>The expressions of the dashboard, with a value for each of its variables.</summary>
    public static IReadOnlyList<string> Dashboard { get; } =
    [
        .. ExpressionsOf(JsonDocument.Parse(Repository.Read(DashboardFile)).RootElement).Select(expression => expression
            .Replace("$namespace", "shop", StringComparison.Ordinal)
            .Replace("$__rate_interval", "1m", StringComparison.Ordinal)),
    ];

    /// <summary>The queries in the texts of alerts, with a value for each of their arguments.</summary>
    public static IReadOnlyList<string> Queries { get; } =
    [
        .. Alerts.SelectMany(alert => Query().Matches(alert.Summary)).Select(query => query.Groups[1].Value.Replace("%q", "\"x\"",
            StringComparison.Ordinal)).Distinct(),
    ];

    /// <summary>The items and triggers for Zabbix in the page on alerts.</summary>
    public static string Zabbix { get; } = Repository.Read("docs/operations/alerts.md").Split("\n## Zabbix\n")[1];

    /// <summary>All of these, and the patterns of the items for Zabbix.</summary>
    public static IReadOnlyList<string> Expressions { get; } =
    [
        .. Alerts.Select(alert => alert.Expression).Concat(Dashboard).Concat(Queries)
            .Concat(ZabbixPattern().Matches(Zabbix).Select(pattern => pattern.Groups[1].Value)).Distinct(),
    ];

    /// <summary>The metrics in them that processes publish.</summary>
    public static IReadOnlyList<string> OfProcesses { get; } =
        [.. Expressions.SelectMany(MetricsOf).Where(name => !IsOfConsole(name)).Distinct()];

    /// <summary>What the console publishes, by the table in docs/metrics-and-traces.md, each with its labels.</summary>
    public static IReadOnlyDictionary<string, string[]> OfConsole { get; } = ConsoleRow()
        .Matches(Repository.Read("docs/metrics-and-traces.md"))
        .GroupBy(row => row.Groups[1].Value)
        .ToDictionary(rows => rows.Key, rows => rows.SelectMany(row => LabelInRow().Matches(row.Groups[2].Value))
            .Select(label => label.Groups[1].Value).Append("nearcache_namespace").ToArray());

    public static bool IsOfConsole(string metric) => metric.StartsWith("nearcache_fleet_", StringComparison.Ordinal);

    public static IEnumerable<string> MetricsOf(string expression) =>
        Metric().Matches(WithoutLabels().Replace(expression, "")).Select(name => name.Value);

    /// <summary>Each metric with the labels by which the expression selects it.</summary>
    public static IEnumerable<(string Metric, string Label)> SelectorsOf(string expression) =>
        from selector in Selector().Matches(expression)
        from label in LabelName().Matches(selector.Groups["labels"].Value)
        select (selector.Groups["metric"].Value, label.Groups[1].Value);

    private static IEnumerable<Alert> ReadAlerts()
    {
        var file = new DeserializerBuilder().Build().Deserialize<Dictionary<string, List<Dictionary<string, object>>>>(
            Repository.Read(RulesFile));
        foreach (var rule in file["groups"].SelectMany(group => (List<object>)group["rules"]).Cast<Dictionary<object, object>>())
        {
            var annotations = (Dictionary<object, object>)rule["annotations"];
            var labels = (Dictionary<object, object>)rule["labels"];
            yield return new Alert(
                (string)rule["alert"],
                (string)rule["expr"],
                (string)labels["severity"],
                (string?)labels.GetValueOrDefault("namespace"),
                (string)annotations["summary"],
                (string)annotations["runbook"]);
        }
    }

    private static IEnumerable<string> ExpressionsOf(JsonElement element) => element.ValueKind switch
    {
        JsonValueKind.Array => element.EnumerateArray().SelectMany(ExpressionsOf),
        JsonValueKind.Object => element.EnumerateObject().SelectMany(property =>
            property is { Name: "expr", Value.ValueKind: JsonValueKind.String }
                ? [property.Value.GetString()!]
                : ExpressionsOf(property.Value)),
        _ => [],
    };

    [GeneratedRegex(@"\b(?:nearcache|db_client)_\w+")]
    private static partial Regex Metric();

    // Label matchers, and the labels of by, without, on and ignoring.
    [GeneratedRegex(@"\{[^}]*\}|\b(?:by|without|on|ignoring)\s*\([^)]*\)")]
    private static partial Regex WithoutLabels();

    [GeneratedRegex(@"(?<metric>(?:nearcache|db_client)_\w+)\{(?<labels>[^}]*)\}")]
    private static partial Regex Selector();

    [GeneratedRegex(@"(\w+)\s*(?:=~|!~|!=|=)\s*[""']")]
    private static partial Regex LabelName();

    [GeneratedRegex(@"^\| `(nearcache_fleet_\w+)` \| ([^|]*) \|", RegexOptions.Multiline)]
    private static partial Regex ConsoleRow();

    [GeneratedRegex("`([^`]+)`")]
    private static partial Regex LabelInRow();

    [GeneratedRegex(@"`(nearcache_\w+(?:\{[^`]*\})?)`")]
    private static partial Regex ZabbixPattern();

    [GeneratedRegex(@"query \(printf ""([^""]+)""")]
    private static partial Regex Query();
}

/// <summary>One alert of the rules.</summary>
internal sealed record Alert(string Name, string Expression, string Severity, string? Namespace, string Summary, string Runbook);
