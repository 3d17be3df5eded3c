using System.Diagnostics;
using NearCache.TestSupport;
using NearCache.TestSupport.Servers;

namespace NearCache.IntegrationTests.EndToEnd;

/// <summary>memcached is killed and restarts empty: no read returns a replaced value, and every read is answered.</summary>
/// <remarks>One round of outages; 5 with <c>NEARCACHE_FULL=1</c>.</remarks>
public sealed class MemcachedOutageTests(ITestOutputHelper output)
{
    [Fact]
    public async Task No_read_is_older_than_promised_while_memcached_dies_and_returns()
    {
        await using var world = await OutageFixture.StartAsync();
        for (var round = 0; round < TestScale.Of(1, 5); round++)
        {
            await world.ServeNearAsync(TimeSpan.FromSeconds(1));
            world.KillMemcached();
            await Task.Delay(OutageFixture.MaxStaleness + TimeSpan.FromSeconds(3), TimeProvider.System);
            await world.RestartMemcachedAsync();

            // A short outage also loses its counters.
            await world.ServeNearAsync(TimeSpan.FromSeconds(2));
            world.KillMemcached();
            await world.RestartMemcachedAsync();
        }

        await world.ServeNearAsync(TimeSpan.FromSeconds(3));
        await world.StopAsync();
        output.WriteLine($"[FIGURE] memcached killed {2 * TestScale.Of(1, 5)} times: {world.Reads} reads checked, {world.NearHits} of "
            + $"them near hits, {world.Checker.Violations.Count} older than promised");
        Assert.Empty(world.Checker.Violations);
    }

    /// <summary>Proves that the test above can fail: the same caches without the gate.</summary>
    [Fact]
    public async Task Without_the_gate_the_same_outage_shows_replaced_values()
    {
        await using var world = await OutageFixture.StartAsync(holdGateOpen: true);
        await world.KillMemcachedBetweenWritesAsync();

        await Eventually.BecomesTrueAsync(() => world.Checker.Violations.Count > 0, "a replaced value is shown");

        await world.StopAsync();
        output.WriteLine($"[FIGURE] without the gate: {world.Checker.Violations.First()}");
    }

    [Fact]
    public async Task Both_shops_answer_from_the_database_while_memcached_is_dead()
    {
        await using var storefronts = await StorefrontCluster.BuildAsync(memcacheds: 1);
        storefronts.Memcacheds[0].Kill();
        var waits = new List<TimeSpan>();
        var killed = Stopwatch.StartNew();
        var price = 1;
        for (; killed.Elapsed < TimeSpan.FromSeconds(8); price++)
        {
            await storefronts.First.Shop.TrySetPriceAsync(StorefrontCluster.Raincoat, price);
            foreach (var shop in storefronts.Shops)
            {
                var asked = Stopwatch.StartNew();
                await shop.Shop.PriceAsync(StorefrontCluster.Raincoat);
                waits.Add(asked.Elapsed);
            }
        }

        // The gates are closed: both storefronts show the database.
        Assert.All(await Task.WhenAll(storefronts.Shops.Select(shop => shop.Shop.PriceAsync(StorefrontCluster.Raincoat))), seen =>
            Assert.False(seen.IsNear));
        output.WriteLine($"[FIGURE] memcached dead, GET of a shop: {new Percentiles(waits)}");

        await storefronts.Memcacheds[0].StartAsync();
        await storefronts.BothServeNearAsync();
        Assert.All(
            await Task.WhenAll(storefronts.Shops.Select(shop => shop.Shop.PriceAsync(StorefrontCluster.Raincoat))),
            seen => Assert.Equal(price - 1, seen.Price));
        Assert.All(storefronts.Shops, shop => Assert.Empty(shop.Failures()));
    }

    [Fact]
    public async Task A_shop_that_is_started_with_all_servers_down_serves_and_is_near_when_they_come()
    {
        await using var memcached = await MemcachedProcess.StartNewAsync();
        await using var zooKeeper = await ZooKeeperProcess.StartNewAsync();
        memcached.Kill();
        zooKeeper.Kill();

        var started = Stopwatch.StartNew();
        await using var process = await StorefrontProcess.StartNewAsync(
            $"NearCache:Memcached:Servers:0={memcached.Address}", $"NearCache:ZooKeeper:ConnectionString={zooKeeper.Address}");
        var seen = await process.Shop.PriceAsync(StorefrontCluster.Raincoat);
        output.WriteLine($"[FIGURE] started with every server down, first answer after {started.Elapsed.TotalSeconds:0.0} s");
        Assert.Equal("source", seen.Source);
        for (var i = 0; i < 20; i++)
        {
            await process.Shop.PriceAsync(StorefrontCluster.Raincoat);
        }

        await Task.WhenAll(memcached.StartAsync(), zooKeeper.StartAsync());
        await Eventually.BecomesTrueAsync(
            async () => (await process.Shop.PriceAsync(StorefrontCluster.Raincoat)).IsNear, "the raincoat is near",
                TimeSpan.FromMinutes(5));
        Assert.Empty(process.Failures());
    }
}
