using System.Diagnostics;
using System.Globalization;
using System.Net.Http.Json;
using System.Text.Json;
using System.Text.RegularExpressions;
using NearCache.Deployment.Tests.Monitoring;
using NearCache.IntegrationTests;
using NearCache.TestSupport.Servers;

namespace NearCache.Deployment.Tests.Alerts;

/// <summary>The distribution's Prometheus with the rules of deploy/monitoring, whose durations may be shortened.</summary>
internal sealed partial class PrometheusProcess : HttpServerProcess
{
    private PrometheusProcess()
        : base("/-/ready")
    {
    }

    /// <summary>Starts one that asks the targets of <see cref="Watch"/>.</summary>
    /// <param name="speed">How many times as fast rules are evaluated, and how many times shorter their durations are.</param>
    /// <param name="longest">What longer durations become.</param>
    public static async Task<PrometheusProcess> StartNewAsync(double speed, TimeSpan longest)
    {
        var prometheus = new PrometheusProcess();
        string InFolder(string name) => Path.Combine(prometheus.Folder, name);
        await File.WriteAllTextAsync(InFolder("rules.yml"), Shorten(Repository.Read(Names.RulesFile), speed, longest));
        var interval = Text(TimeSpan.FromSeconds(15) / speed);
        await File.WriteAllTextAsync(InFolder("prometheus.yml"), $$"""
            global: { scrape_interval: {{interval}}, scrape_timeout: {{interval}}, external_labels: { environment: test } }
            rule_files: [rules.yml]
            scrape_configs:
              - job_name: storefront
                file_sd_configs: [{ files: [shops.json], refresh_interval: 1s }]
              - job_name: nearcache-console
                metrics_path: /fleet
                file_sd_configs: [{ files: [console.json], refresh_interval: 1s }]
            """);
        prometheus.Watch("shops");
        prometheus.Watch("console");
        await prometheus.StartAsync();
        return prometheus;
    }

    /// <summary>Replaces the targets of a job.</summary>
    /// <param name="file">"shops" or "console".</param>
    /// <param name="targets">Their addresses.</param>
    public void Watch(string file, params IEnumerable<string> targets)
    {
        var path = Path.Combine(Folder, file + ".json");
        File.WriteAllText(path + ".next", JsonSerializer.Serialize(new[] { new { targets } }));
        File.Move(path + ".next", path, overwrite: true);
    }

    /// <summary>The alerts that fire now, with their texts.</summary>
    public async Task<IReadOnlyList<(string Name, string Summary)>> FiringAsync()
    {
        var answer = await Http.GetFromJsonAsync<JsonElement>(new Uri("/api/v1/alerts", UriKind.Relative));
        return
        [
            .. from alert in answer.GetProperty("data").GetProperty("alerts").EnumerateArray()
               where alert.GetProperty("state").GetString() == "firing"
               select (
                   alert.GetProperty("labels").GetProperty("alertname").GetString()!,
                   alert.GetProperty("annotations").GetProperty("summary").GetString()!.ReplaceLineEndings(" ")),
        ];
    }

    /// <summary>The values of an expression, each with its labels.</summary>
    public async Task<IReadOnlyList<(string Labels, double Value)>> QueryAsync(string expression)
    {
        var query = "/api/v1/query?query=" + Uri.EscapeDataString(expression);
        var answer = await Http.GetFromJsonAsync<JsonElement>(new Uri(query, UriKind.Relative));
        return
        [
            .. answer.GetProperty("data").GetProperty("result").EnumerateArray().Select(series => (
                series.GetProperty("metric").GetRawText(),
                double.Parse(series.GetProperty("value")[1].GetString()!.Replace("+Inf", "Infinity", StringComparison.Ordinal),
                    CultureInfo.InvariantCulture))),
        ];
    }

    protected override ProcessStartInfo Command() => new(
        "prometheus",
        [
            "--config.file=prometheus.yml", "--storage.tsdb.path=data", $"--web.listen-address={Address}", "--log.level=warn",
        ]);

    private static string Shorten(string rules, double speed, TimeSpan longest) => Duration().Replace(rules, match =>
    {
        var number = double.Parse(match.Groups["number"].Value, CultureInfo.InvariantCulture);
        var duration = match.Groups["unit"].Value switch
        {
            "s" => TimeSpan.FromSeconds(number),
            "m" => TimeSpan.FromMinutes(number),
            "h" => TimeSpan.FromHours(number),
            _ => TimeSpan.FromDays(number),
        };
        return match.Groups["before"].Value + Text(duration / speed is var shortened && shortened < longest ? shortened : longest);
    });

    private static string Text(TimeSpan duration) => string.Create(CultureInfo.InvariantCulture, $"{duration.TotalMilliseconds:0}ms");

    [GeneratedRegex(@"(?<before>\b(?:for|interval): |\boffset |\[)(?<number>\d+)(?<unit>[smhd])\b")]
    private static partial Regex Duration();
}
