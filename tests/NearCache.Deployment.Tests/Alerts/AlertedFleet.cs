using System.Net;
using NearCache.Deployment.Tests.Monitoring;
using NearCache.TestSupport;
using NearCache.TestSupport.Servers;

namespace NearCache.Deployment.Tests.Alerts;

/// <summary>Shops on two real memcacheds and a ZooKeeper ensemble, with the console and Prometheus beside them.</summary>
internal sealed class AlertedFleet : IAsyncDisposable
{
    public const string AdminKey = "secret";

    /// <summary>The connections that the first memcached allows.</summary>
    public const int MostConnections = 120;

    private static readonly string[] Settings =
    [
        $"--Storefront:AdminKey={AdminKey}",
        "--Storefront:SourceLatency=00:00:00.001",
        "--NearCache:Rules:2:Name=idle",
        "--NearCache:Rules:2:Match=idle:*",
    ];

    private int _started;

    private AlertedFleet()
    {
    }

    public required MemcachedProcess First { get; init; }

    public required MemcachedProcess Second { get; init; }

    /// <summary>Gets a memcached that is not the shops'.</summary>
    public required MemcachedProcess Other { get; init; }

    public required ZooKeeperEnsemble ZooKeeper { get; init; }

    public required ConsoleProcess Console { get; init; }

    public required MetricsDoor Door { get; init; }

    public required PrometheusProcess Prometheus { get; init; }

    public IReadOnlyList<ShopProcess> Shops { get; private set; } = [];

    private string[] Memcacheds => [First.Address, Second.Address];

    /// <summary>Starts the fleet, and returns when Prometheus has the figures of its shops and of the console.</summary>
    /// <param name="shops">The number of shops.</param>
    /// <param name="speed">How many times shorter the durations of the rules are.</param>
    /// <param name="longest">What longer durations become.</param>
    public static async Task<AlertedFleet> StartNewAsync(int shops, double speed, TimeSpan longest)
    {
        if (!Require.IsInstalled("prometheus"))
        {
            Require.Skip("prometheus", "prometheus is not installed");
        }

        var ensemble = await ZooKeeperEnsemble.StartNewAsync();
        var first = await MemcachedProcess.StartNewAsync("-c", $"{MostConnections}");
        var second = await MemcachedProcess.StartNewAsync();
        var console = await ConsoleProcess.StartNewAsync([first.Address, second.Address], ensemble.ConnectionString);
        var fleet = new AlertedFleet
        {
            ZooKeeper = ensemble,
            First = first,
            Second = second,
            Other = await MemcachedProcess.StartNewAsync(),
            Console = console,
            Door = await MetricsDoor.OpenAsync(console),
            Prometheus = await PrometheusProcess.StartNewAsync(speed, longest),
        };
        fleet.Prometheus.Watch("console", fleet.Door.Address);
        for (var shop = 0; shop < shops; shop++)
        {
            await fleet.AddShopAsync();
        }

        await Task.WhenAll(fleet.Shops.Select((shop, number) => shop.ReadAsync(product: 1000 + number)));
        await fleet.AwaitAsync(
            async () =>
            {
                await fleet.Console.LookAsync();
                await Task.Delay(TimeSpan.FromMilliseconds(500), TimeProvider.System);
                return (await fleet.Prometheus.QueryAsync("nearcache_fleet_connections_unaccounted")).Count == 2
                    && (await fleet.Prometheus.QueryAsync("nearcache_factory_runs_total")).Count >= shops;
            },
            "Prometheus has the figures of the shops and of the console");
        return fleet;
    }

    /// <summary>Awaits a condition; without it, the figures of the fleet are the text of the failure.</summary>
    public async Task AwaitAsync(Func<Task<bool>> condition, string what)
    {
        try
        {
            await Eventually.BecomesTrueAsync(condition, what, TimeSpan.FromMinutes(6));
        }
        catch (TimeoutException e)
        {
            var figures = await Prometheus.QueryAsync("{__name__=~\"nearcache_fleet_.*|nearcache_factory_.*|up|ALERTS\"}");
            throw new TimeoutException($"{e.Message}\n{string.Join('\n', figures)}", e);
        }
    }

    /// <summary>Starts a shop, and has Prometheus ask it as well when it is ready.</summary>
    public async Task<ShopProcess> AddShopAsync(params string[] settings)
    {
        var shop = await ShopProcess.StartPodAsync(
            $"shop-{++_started}", Memcacheds, ZooKeeper.ConnectionString, [.. Settings, .. settings]);
        Shops = [.. Shops, shop];
        Watch();
        await Eventually.BecomesTrueAsync(
            async () => await shop.StatusOfAsync("/health/ready") == HttpStatusCode.OK, "the shop is ready");
        return shop;
    }

    /// <summary>Ends a shop as Kubernetes does.</summary>
    public async Task RemoveAsync(ShopProcess shop)
    {
        Shops = [.. Shops.Where(other => other != shop)];
        Watch();
        await shop.EndAsync(TimeSpan.FromMinutes(3));
        await shop.DisposeAsync();
    }

    public async ValueTask DisposeAsync()
    {
        await Prometheus.DisposeAsync();
        foreach (var shop in Shops)
        {
            await shop.DisposeAsync();
        }

        await Door.DisposeAsync();
        await Console.DisposeAsync();
        await ZooKeeper.DisposeAsync();
        await First.DisposeAsync();
        await Second.DisposeAsync();
        await Other.DisposeAsync();
    }

    private void Watch() => Prometheus.Watch("shops", [.. Shops.Select(shop => shop.Address), Door.Address]);
}
