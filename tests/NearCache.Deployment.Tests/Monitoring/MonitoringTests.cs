using System.Diagnostics;
using System.Net;
using System.Text.RegularExpressions;
using NearCache.Deployment.Tests.Kubernetes;
using NearCache.IntegrationTests;
using NearCache.TestSupport.Servers;
using YamlDotNet.Serialization;

namespace NearCache.Deployment.Tests.Monitoring;

/// <summary>
/// deploy/monitoring: the rules fire when they should and not before, and every name in rules, texts and dashboard is one that Prometheus
/// gets.
/// </summary>
public sealed partial class MonitoringTests(LiveScrape scrape) : IClassFixture<LiveScrape>
{
    public static TheoryData<string> Expressions => [.. Names.Expressions];

    [Theory]
    [MemberData(nameof(Expressions))]
    public void Every_metric_and_label_is_in_a_live_scrape_or_among_the_consoles(string expression)
    {
        Assert.All(Names.MetricsOf(expression), name =>
            Assert.True(Names.IsOfConsole(name) ? Names.OfConsole.ContainsKey(name) : scrape.Has(name), name));
        foreach (var (metric, label) in Names.SelectorsOf(expression))
        {
            Assert.Contains(label, Names.IsOfConsole(metric) ? Names.OfConsole[metric] : scrape.LabelsOf(metric));
        }
    }

    [Fact]
    public void Every_alert_has_a_place_in_the_page_and_every_text_in_the_page_is_tested()
    {
        var page = Repository.Read("docs/operations/alerts.md");
        var tested = Spaces().Replace(Repository.Read("deploy/monitoring/nearcache.rules.test.yml"), " ");

        Assert.Equal(16, Names.Alerts.Count);
        Assert.All(Names.Alerts, alert =>
        {
            Assert.Contains(alert.Severity, new[] { "page", "ticket" });
            Assert.Contains($"`{alert.Name}`", page, StringComparison.Ordinal);
            Assert.StartsWith("docs/operations/alerts.md#", alert.Runbook, StringComparison.Ordinal);
            var heading = alert.Runbook.Split('#')[1].Replace('-', ' ');
            Assert.Contains($"## {heading}\n", page, StringComparison.OrdinalIgnoreCase);
        });
        var texts = page.Split('\n').Where(line => line.StartsWith("> PAGE ", StringComparison.Ordinal)).ToArray();
        Assert.True(texts.Length >= 5);
        Assert.All(texts, text => Assert.Contains(text[2..], tested, StringComparison.Ordinal));
    }

    [Fact]
    public void Zabbix_has_a_trigger_for_each_alert_over_items_of_the_table()
    {
        var triggers = Names.Zabbix.Split('\n').Where(line => line.StartsWith("| `NearCache", StringComparison.Ordinal)).ToArray();
        Assert.Equal(Names.Alerts.Select(alert => alert.Name).Order(StringComparer.Ordinal), triggers
            .Select(line => line.Split('`')[1]).Order(StringComparer.Ordinal));
        Assert.All(Names.Alerts, alert => Assert.Contains(
            triggers, line => line.StartsWith($"| `{alert.Name}` | {(alert.Severity == "page" ? "Disaster" : "Warning")} |",
                StringComparison.Ordinal)));
        var used = triggers.SelectMany(line => ZabbixItem().Matches(line)).Select(item => item.Groups[1].Value).ToArray();
        Assert.True(used.Length > triggers.Length);
        Assert.All(used.Where(item => !item.StartsWith("shop.", StringComparison.Ordinal)), item =>
            Assert.Contains($"`{item}`", Names.Zabbix, StringComparison.Ordinal));
    }

    [Fact]
    public void Every_alert_of_a_namespace_is_labelled_with_it()
    {
        string[] ofInstances = ["NearCacheConnectionsMissing", "NearCacheConsoleAway"];
        Assert.Equal(ofInstances, Names.Alerts.Where(alert => alert.Namespace is null).Select(alert => alert.Name).Order(
            StringComparer.Ordinal));
        Assert.All(Names.Alerts.Where(alert => alert.Namespace is not null), alert =>
        {
            // The label that the template reads must survive the expression's aggregation.
            var label = alert.Namespace!.Split("$labels.")[1].Split(' ')[0];
            Assert.True(alert.Expression.Contains(label, StringComparison.Ordinal)
                || Names.MetricsOf(alert.Expression).All(name =>
                    Names.IsOfConsole(name) ? Names.OfConsole[name].Contains(label) : scrape.LabelsOf(name).Contains(label)), alert.Name);
        });
    }

    [Fact]
    public void Every_job_that_an_alert_names_is_one_of_the_configuration_of_Prometheus()
    {
        var jobs = Names.Alerts.SelectMany(alert => Job().Matches(alert.Expression)).Select(job => job.Groups[1].Value).ToArray();

        Assert.NotEmpty(jobs);
        var configuration = new DeserializerBuilder().Build().Deserialize<Dictionary<string, object>>(
            Repository.Read("deploy/monitoring/prometheus.yml"));
        var configured = ((List<object>)configuration["scrape_configs"]).Cast<Dictionary<object, object>>().Select(job => job["job_name"]);
        Assert.Subset(configured.ToHashSet(), jobs.ToHashSet<object>());
    }

    // A name with a quotation mark would end the query, and with it the text of the page.
    [Fact]
    public void Every_name_in_the_query_of_a_text_is_quoted() =>
        Assert.All(Names.Alerts, alert => Assert.DoesNotContain("%s", alert.Summary, StringComparison.Ordinal));

    [Fact]
    public async Task The_rules_pass_their_tests()
    {
        await PromtoolAsync("check", "rules", Path.Combine(Repository.Root, Names.RulesFile));
        await PromtoolAsync("test", "rules", Path.Combine(Repository.Root, "deploy/monitoring/nearcache.rules.test.yml"));
        await PromtoolAsync("test", "rules", Path.Combine(Repository.Root, "deploy/monitoring/nearcache.rules.long.test.yml"));
    }

    [Fact]
    public async Task Every_expression_of_the_dashboard_and_of_the_texts_can_be_parsed()
    {
        var rules = string.Concat(Names.Dashboard.Concat(Names.Queries).Select((expression, i) =>
            $"  - record: dashboard:{i}\n    expr: |\n      {expression.ReplaceLineEndings("\n      ")}\n"));
        var folder = Directory.CreateTempSubdirectory("nearcache-test-");
        try
        {
            var file = Path.Combine(folder.FullName, "dashboard.yml");
            await File.WriteAllTextAsync(
                file, $"groups:\n- name: dashboard\n  rules:\n{rules}", TestContext.Current.CancellationToken);

            await PromtoolAsync("check", "rules", file);
        }
        finally
        {
            folder.Delete(recursive: true);
        }
    }

    [Fact]
    public void Every_probe_of_the_manifests_has_an_endpoint()
    {
        var paths = Manifests.Container("storefront") is var container
            ? new[] { container.StartupProbe, container.LivenessProbe, container.ReadinessProbe }.Select(probe => probe.HttpGet.Path)
            : [];

        Assert.All(paths, path => Assert.Equal(HttpStatusCode.OK, scrape.Statuses[path]));
    }

    private static async Task PromtoolAsync(params string[] arguments)
    {
        if (!Require.IsInstalled("promtool"))
        {
            Require.Skip("prometheus", "promtool is not installed");
        }

        using var promtool = Process.Start(
            new ProcessStartInfo("promtool", arguments) { RedirectStandardOutput = true, RedirectStandardError = true })!;
        var output = promtool.StandardOutput.ReadToEndAsync(TestContext.Current.CancellationToken);
        var errors = await promtool.StandardError.ReadToEndAsync(TestContext.Current.CancellationToken);
        await promtool.WaitForExitAsync(TestContext.Current.CancellationToken);
        Assert.True(promtool.ExitCode == 0, $"promtool {string.Join(' ', arguments)}:\n{await output}\n{errors}");
    }

    [GeneratedRegex(@"\(/(?:shop|fleet)/((?:shop|nearcache)[\w.]*(?:\[\{#\w+\}\])?)")]
    private static partial Regex ZabbixItem();

    [GeneratedRegex(@"\bjob=""([^""]+)""")]
    private static partial Regex Job();

    [GeneratedRegex(@"\s+")]
    private static partial Regex Spaces();
}
