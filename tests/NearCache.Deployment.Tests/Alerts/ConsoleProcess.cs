using System.Diagnostics;
using System.Globalization;
using NearCache.Deployment.Tests.Monitoring;
using NearCache.IntegrationTests;
using NearCache.TestSupport.Servers;

namespace NearCache.Deployment.Tests.Alerts;

/// <summary><c>nearcache console</c> in a separate process, which believes this machine to be its sign-in.</summary>
internal sealed class ConsoleProcess : HttpServerProcess
{
    private readonly Dictionary<string, string> _settings;

    private ConsoleProcess(Dictionary<string, string> settings)
        : base("/health/live")
    {
        _settings = settings;
        Http.DefaultRequestHeaders.Add("X-Forwarded-User", "prometheus");
        Http.DefaultRequestHeaders.Add("X-Forwarded-Groups", "monitoring");
    }

    public static async Task<ConsoleProcess> StartNewAsync(IReadOnlyList<string> memcacheds, string zooKeeper)
    {
        const string Caches = "Contexts__shop__NearCache__";
        var console = new ConsoleProcess(new Dictionary<string, string>
        {
            [Caches + "Namespace"] = ShopProcess.Namespace,
            [Caches + "ZooKeeper__ConnectionString"] = zooKeeper,
            ["SignIn__Proxy__Addresses__0"] = "127.0.0.1",
            ["Permissions__0__Group"] = "monitoring",
            ["Permissions__0__Contexts__0"] = "*",
            ["Permissions__0__Allow__0"] = "View",
        });
        foreach (var (index, server) in memcacheds.Index())
        {
            console._settings[string.Create(CultureInfo.InvariantCulture, $"{Caches}Memcached__Servers__{index}")] = server;
        }

        await console.StartAsync();
        return console;
    }

    /// <summary>The figures of the fleet, as Prometheus gets them through its door.</summary>
    public Task<string> ScrapeAsync() => Http.GetStringAsync(new Uri("/metrics", UriKind.Relative));

    /// <summary>Looks at the overview: while a viewer does, the console reads the fleet every five seconds.</summary>
    public Task<string> LookAsync() => Http.GetStringAsync(new Uri("/api/contexts/shop", UriKind.Relative));

    protected override ProcessStartInfo Command()
    {
        var start = new ProcessStartInfo(
            "dotnet", [Repository.Sample("NearCache.Cli"), "console", "--urls", $"http://{Address}", "--no-data"]);
        foreach (var (name, value) in _settings)
        {
            start.Environment["NEARCACHE_CONSOLE__" + name] = value;
        }

        start.Environment["HOME"] = Folder;
        return start;
    }
}
