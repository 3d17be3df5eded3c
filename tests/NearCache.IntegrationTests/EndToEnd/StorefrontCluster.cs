using NearCache.TestSupport;
using NearCache.TestSupport.Servers;

namespace NearCache.IntegrationTests.EndToEnd;

/// <summary>Two shops with one database, on real memcacheds and a ZooKeeper ensemble of three.</summary>
internal sealed class StorefrontCluster : IAsyncDisposable
{
    /// <summary>
    /// A change that is seen sooner was announced. While there is a session of ZooKeeper, audits alone find a change after a second.
    /// </summary>
    public static readonly TimeSpan Announced = TimeSpan.FromMilliseconds(250);

    /// <summary>The product whose price the tests change.</summary>
    public const int Raincoat = 1;

    private readonly string _folder = Directory.CreateTempSubdirectory("nearcache-test-").FullName;
    private int _price = 1000;

    private StorefrontCluster(MemcachedProcess[] memcacheds, ZooKeeperEnsemble zooKeeper)
    {
        Memcacheds = memcacheds;
        ZooKeeper = zooKeeper;
    }

    public IReadOnlyList<MemcachedProcess> Memcacheds { get; }

    public ZooKeeperEnsemble ZooKeeper { get; }

    public StorefrontProcess First { get; private set; } = null!;

    public StorefrontProcess Second { get; private set; } = null!;

    public IReadOnlyList<StorefrontProcess> Shops => [First, Second];

    /// <summary>The settings of a storefront process.</summary>
    public string[] Settings =>
    [
        .. Memcacheds.Select((server, index) => $"NearCache:Memcached:Servers:{index}={server.Address}"),
        $"NearCache:ZooKeeper:ConnectionString={ZooKeeper.ConnectionString}",
        "NearCache:ZooKeeper:SessionTimeout=00:00:04",

        // A long timeout, so that a stall of memcached on a busy machine does not fail a change.
        "NearCache:Memcached:OperationTimeout=00:00:04",

        // Some tests change a price as fast as possible, which would trip the breaker.
        "NearCache:ChurnBreaker=false",
        $"Storefront:SourceFile={Path.Combine(_folder, "database.json")}",
    ];

    /// <summary>Starts everything, and returns when both shops show the raincoat from near.</summary>
    public static async Task<StorefrontCluster> BuildAsync(int memcacheds = 2)
    {
        Require.Program("memcached");
        Require.ZooKeeper();
        var servers = await Task.WhenAll(Enumerable.Range(0, memcacheds).Select(_ => MemcachedProcess.StartNewAsync()));
        var storefronts = new StorefrontCluster(servers, await ZooKeeperEnsemble.StartNewAsync());
        var shops = await Task.WhenAll(StorefrontProcess.StartNewAsync(storefronts.Settings),
            StorefrontProcess.StartNewAsync(storefronts.Settings));
        (storefronts.First, storefronts.Second) = (shops[0], shops[1]);
        await storefronts.BothServeNearAsync();
        return storefronts;
    }

    public async Task BothServeNearAsync()
    {
        foreach (var shop in Shops)
        {
            await Eventually.BecomesTrueAsync(async () => (await shop.Shop.PriceAsync(Raincoat)).IsNear, "the raincoat is near");
        }
    }

    /// <summary>
    /// Changes the price in the first shop, and measures how long the second shows the old one: from the PUT's return to the sending of the
    /// last request that was answered with the old price. Zero when that was sent before the PUT returned.
    /// </summary>
    public async Task<TimeSpan> ChangeAsync()
    {
        await BothServeNearAsync();
        var price = ++_price;
        var clock = TimeProvider.System;
        var watching = WatchAsync();
        await First.Shop.SetPriceAsync(Raincoat, price);
        var returned = clock.GetTimestamp();
        var old = await watching;
        return old > returned ? clock.GetElapsedTime(returned, old) : TimeSpan.Zero;

        async Task<long> WatchAsync()
        {
            var (began, old) = (clock.GetTimestamp(), long.MinValue);
            while (true)
            {
                var sent = clock.GetTimestamp();
                if ((await Second.Shop.PriceAsync(Raincoat)).Price == price)
                {
                    return old;
                }

                old = sent;
                Assert.True(clock.GetElapsedTime(began) < TimeSpan.FromMinutes(5), "The change is not seen.");
                await Task.Delay(TimeSpan.FromMilliseconds(1), clock);
            }
        }
    }

    /// <summary>Changes the price the given number of times, 300 ms apart.</summary>
    public async Task<Percentiles> ChangeAsync(int times)
    {
        var durations = new List<TimeSpan>();
        for (var i = 0; i < times; i++)
        {
            durations.Add(await ChangeAsync());
            await Task.Delay(TimeSpan.FromMilliseconds(300), TimeProvider.System);
        }

        return new Percentiles(durations);
    }

    /// <summary>
    /// Waits for the sessions, and changes the price until invalidation has the latency of announcements, because a process that has not
    /// counted the members has a small budget.
    /// </summary>
    public async Task WarmUpAsync()
    {
        foreach (var shop in Shops)
        {
            await Eventually.BecomesTrueAsync(
                async () => (await shop.Shop.DiagnosticsAsync()).ZooKeeper == "Connected",
                "the shop has a session",
                TimeSpan.FromMinutes(5));
        }

        var fast = 0;
        await Eventually.BecomesTrueAsync(
            async () =>
            {
                fast += await ChangeAsync() < Announced ? 1 : 0;
                await Task.Delay(TimeSpan.FromMilliseconds(300), TimeProvider.System);
                return fast == 8;
            },
            "eight changes were announced",
            TimeSpan.FromMinutes(5));
    }

    public async ValueTask DisposeAsync()
    {
        foreach (var process in Memcacheds.Concat<ServerProcess>(ZooKeeper.Servers).Concat(Shops.Where(shop => shop is not null)))
        {
            await process.DisposeAsync();
        }

        Directory.Delete(_folder, recursive: true);
    }
}
