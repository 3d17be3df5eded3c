using Microsoft.Playwright;
using NearCache.IntegrationTests.Rules;
using NearCache.TestSupport;
using NearCache.TestSupport.Servers;

[assembly: AssemblyFixture(typeof(NearCache.Pages.Tests.Servers.ShownFleet))]

namespace NearCache.Pages.Tests.Servers;

/// <summary>Two memcacheds, a ZooKeeper of three, four processes with caches, and a console that shows them in a browser.</summary>
/// <remarks>All tests share it, those that only look beside those that change something.</remarks>
public sealed class ShownFleet : IAsyncLifetime
{
    /// <summary>The name of the first process's pod, as a hostile environment would name it.</summary>
    public const string HostilePod = "<img src=x onerror=alert('pod')>";

    private readonly List<IAsyncDisposable> _parts = [];

    internal MemcachedProcess[] Memcached { get => Started(field); private set; } = [];

    internal ZooKeeperEnsemble ZooKeeper { get => Started(field); private set; } = null!;

    internal CacheProcess[] Processes { get => Started(field); private set; } = [];

    internal FleetClient Client { get => Started(field); private set; } = null!;

    internal ConsoleHost Console { get => Started(field); private set; } = null!;

    internal Browser Browser { get => Started(field); private set; } = null!;

    /// <summary>The settings with which the console observes the fleet.</summary>
    internal NearCacheOptions Settings { get; } = new() { Namespace = "rules" };

    public async ValueTask InitializeAsync()
    {
        if (!Browser.IsInstalled)
        {
            return;
        }

        var browser = Kept(Browser.StartAsync());
        var zooKeeper = Kept(ZooKeeperEnsemble.StartNewAsync(settings: ["4lw.commands.whitelist=srvr,mntr,cons"]));
        Memcached = await Task.WhenAll(Kept(MemcachedProcess.StartNewAsync()), Kept(MemcachedProcess.StartNewAsync()));
        ZooKeeper = await zooKeeper;
        Settings.ZooKeeper.ConnectionString = ZooKeeper.ConnectionString;
        foreach (var server in Memcached)
        {
            Settings.Memcached.Servers.Add(server.Address);
        }

        Processes = await Task.WhenAll(Enumerable.Range(0, 4).Select(index => Kept(CacheProcess.StartNewAsync(
            Memcached,
            ZooKeeper.ConnectionString,
            pod: index == 0 && !Pictures.AreTaken ? HostilePod : $"web-{index}",
            hasBreaker: true,
            showsKeys: true))));
        Client = await Kept(FleetClient.ConnectAsync(Settings));
        Console = await Kept(ConsoleHost.StartAsync(new Dictionary<string, NearCacheOptions> { ["test-rules"] = Settings }));
        Browser = await browser;
        await Task.WhenAll(Processes.Select(process => process.ServeNearAsync("product:1")));
        await Task.WhenAll(Processes.Select(process => process.AskAsync("read product:")));
        await Pictures.ReadyAsync(Console.Address);
    }

    /// <summary>Opens a page of the console.</summary>
    internal Task<Viewer> OpenAsync(string page = "", string user = "operator", Func<IPage, Task>? before = null) =>
        Browser.OpenAsync(new Uri(Console.Address, page), user, before);

    /// <summary>The id of a process, once it has reported.</summary>
    internal async Task<string> IdOfAsync(int process)
    {
        string? id = null;
        await Eventually.BecomesTrueAsync(
            async () => (id = (await Client.GetReportsAsync()).Value?.Processes
                .FirstOrDefault(report => report.Summary?.ProcessId == Processes[process].ProcessId)?.Id) is not null,
            "a process reports");
        return id!;
    }

    /// <summary>Waits until every process has reported its connections.</summary>
    internal Task ReportsConnectionsAsync() => Eventually.BecomesTrueAsync(
        async () =>
        {
            var ids = await Task.WhenAll(Enumerable.Range(0, Processes.Length).Select(IdOfAsync));
            var details = await Task.WhenAll(ids.Select(id => Client.GetReportAsync(id)));
            return details.All(detail => detail.Value?.Servers is { Count: > 0 } all && all.All(server => server.Connections.Count > 0));
        },
        "every process reports its connections");

    public async ValueTask DisposeAsync()
    {
        for (var i = _parts.Count - 1; i >= 0; i--)
        {
            await _parts[i].DisposeAsync();
        }
    }

    // Without a browser nothing is started, and the test is skipped.
    private static T Started<T>(T part)
    {
        Browser.Require();
        return part;
    }

    private async Task<T> Kept<T>(Task<T> starting)
        where T : IAsyncDisposable
    {
        var part = await starting;
        lock (_parts)
        {
            _parts.Add(part);
        }

        return part;
    }
}

/// <summary>The tests that edit the rules of the fleet, one after another. Tests that only look run beside them.</summary>
[CollectionDefinition(Name)]
public sealed class Edits
{
    public const string Name = "edits of the rules";
}
