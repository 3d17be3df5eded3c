using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Options;
using YamlDotNet.Core;
using YamlDotNet.Serialization;
using Map = System.Collections.Generic.Dictionary<object, object>;

namespace NearCache.IntegrationTests.Documents;

/// <summary>deploy/ says what can be run: its files parse, name what exists, and hold settings that NearCache takes.</summary>
public sealed class ComposeTests
{
    private static readonly Map Compose = Parse("deploy/compose.yaml");
    private static readonly Map Services = (Map)Compose["services"];

    [Fact]
    public void The_services_are_two_shops_on_two_memcacheds_and_three_ZooKeepers()
    {
        string[] expected =
        [
            "console", "console-door", "grafana", "memcached1", "memcached2", "prometheus", "storefront1", "storefront2", "zookeeper1",
            "zookeeper2", "zookeeper3",
        ];
        Assert.Equal(expected, Services.Keys.Cast<string>().Order(StringComparer.Ordinal));

        var ports = Services.Values.Cast<Map>()
            .Where(service => service.ContainsKey("ports"))
            .SelectMany(service => (List<object>)service["ports"]);
        Assert.Equal(5, ports.Select(port => ((string)port).Split(':')[^2]).Distinct().Count());
    }

    [Fact]
    public void The_console_watches_the_shops_through_a_door_that_only_this_machine_opens()
    {
        var console = (Map)Services["console"];
        Assert.Equal(["127.0.0.1:5090:8080"], (List<object>)console["ports"]);
        Assert.Equal("service:console", ((Map)Services["console-door"])["network_mode"]);
        var environment = (Map)console["environment"];
        var shop = (Map)((Map)Services["storefront1"])["environment"];
        Assert.All(
            shop.Where(setting => ((string)setting.Key).StartsWith("NearCache__", StringComparison.Ordinal)),
            setting => Assert.Equal(setting.Value, environment[$"NEARCACHE_CONSOLE__Contexts__shop__{setting.Key}"]));
        Assert.Equal("127.0.0.1", environment["NEARCACHE_CONSOLE__SignIn__Proxy__Addresses__0"]);

        // Only names of this machine reach the pages, and no header of a client the console.
        var door = Repository.Read("deploy/console-door.conf");
        Assert.Contains("server_name localhost 127.0.0.1;", door, StringComparison.Ordinal);
        Assert.Contains("listen 8080 default_server;\n  return 421;", door, StringComparison.Ordinal);
        foreach (var header in new[] { "X-Forwarded-User", "X-Forwarded-Groups" })
        {
            Assert.Equal(2, door.Split($"proxy_set_header {header} \"").Length - 1);
        }
    }

    [Fact]
    public void Prometheus_and_Grafana_get_files_that_exist()
    {
        var mounted = Services.Values.Cast<Map>().Where(service => service.ContainsKey("volumes"))
            .SelectMany(service => (List<object>)service["volumes"])
            .Select(volume => ((string)volume).Split(':'))
            .Where(volume => volume[0].StartsWith("./", StringComparison.Ordinal))
            .ToDictionary(volume => volume[1], volume => Path.Combine(Repository.Root, "deploy", volume[0]));

        Assert.All(mounted.Values, path => Assert.True(Path.Exists(path), path));
        var rules = (List<object>)Parse("deploy/monitoring/prometheus.yml")["rule_files"];
        Assert.All(rules, file => Assert.Contains($"/etc/prometheus/{file}", mounted.Keys));
        var dashboards = Repository.Read("deploy/monitoring/grafana/provisioning/dashboards/nearcache.yml");
        Assert.Contains("path: /var/lib/grafana/dashboards\n", dashboards, StringComparison.Ordinal);
        Assert.Contains("/var/lib/grafana/dashboards/nearcache.json", mounted.Keys);
    }

    [Fact]
    public void The_images_of_the_servers_are_those_that_the_container_tests_use()
    {
        var tested = Repository.Read("tests/NearCache.Containers.Tests/Images.cs");
        foreach (var name in new[] { "memcached1", "zookeeper1" })
        {
            Assert.Contains($"\"{((Map)Services[name])["image"]}\"", tested, StringComparison.Ordinal);
        }
    }

    [Theory]
    [InlineData("storefront1")]
    [InlineData("storefront2")]
    public void The_settings_of_a_shop_are_taken_and_name_services(string name)
    {
        var settings = ((Map)((Map)Services[name])["environment"]).ToDictionary(
            entry => ((string)entry.Key).Replace("__", ":", StringComparison.Ordinal),
            entry => (string?)entry.Value);
        var configuration = new ConfigurationBuilder().AddInMemoryCollection(settings).Build();
        using var provider = new ServiceCollection()
            .AddLogging()
            .AddNearCache(configuration.GetSection("NearCache")).Services
            .BuildServiceProvider();

        var options = provider.GetRequiredService<IOptions<NearCacheOptions>>().Value;

        var hosts = options.Memcached.Servers.Concat(options.ZooKeeper.ConnectionString.Split(',')).Select(server => server.Split(':')[0]);
        Assert.Equal(5, hosts.Count());
        Assert.All(hosts, host => Assert.Contains(host, Services.Keys));
    }

    [Fact]
    public void Prometheus_asks_the_shops_and_the_console()
    {
        Map[] jobs = [.. ((List<object>)Parse("deploy/monitoring/prometheus.yml")["scrape_configs"]).Cast<Map>()];
        var job = jobs.Single(one => (string)one["job_name"] == "storefront");
        Assert.Equal(["console:9091"], (List<object>)((Map)((List<object>)jobs[1]["static_configs"]).Single())["targets"]);
        var targets = (List<object>)((Map)((List<object>)job["static_configs"]).Single())["targets"];

        Assert.Equal(["storefront1:8080", "storefront2:8080"], targets.Cast<string>());
        Assert.Contains("\"/metrics\"", Repository.Read("samples/Storefront/Program.cs"), StringComparison.Ordinal);
        Assert.Equal("/metrics", job["metrics_path"]);
    }

    [Theory]
    [InlineData("storefront")]
    [InlineData("nearcache")]
    public void The_image_is_built_of_what_is_there_and_does_not_run_as_root(string name)
    {
        var lines = Repository.Read($"deploy/{name}.Dockerfile").Split('\n');
        var copied = lines
            .Where(line => line.StartsWith("COPY ", StringComparison.Ordinal) && !line.Contains("--from", StringComparison.Ordinal))
            .SelectMany(line => line.Split(' ')[1..^1])
            .Select(path => path.TrimEnd('/'))
            .ToArray();

        Assert.NotEmpty(copied);
        Assert.All(copied, path => Assert.True(Path.Exists(Path.Combine(Repository.Root, path)), path));
        Assert.Contains(lines, line => line.StartsWith("ARG BASE=", StringComparison.Ordinal));
        Assert.Equal(name == "storefront", lines.Any(line => line.StartsWith("HEALTHCHECK ", StringComparison.Ordinal)));
        Assert.Matches(@"^USER [1-9]\d*$", lines.Last(line => line.StartsWith("USER ", StringComparison.Ordinal)));

        // Docker is sent what the images need: not the artifacts of a build, which are gigabytes, nor the history.
        var ignored = Repository.Read(".dockerignore").Split('\n').Where(line => line.Length > 0 && line[0] != '#').ToArray();
        Assert.Equal("*", ignored[0]);
        Assert.All(copied, path => Assert.Contains($"!{path}", ignored));
    }

    // Anchors and merge keys are resolved.
    private static Map Parse(string path) => new DeserializerBuilder().Build()
        .Deserialize<Map>(new MergingParser(new Parser(new StringReader(Repository.Read(path)))));
}
