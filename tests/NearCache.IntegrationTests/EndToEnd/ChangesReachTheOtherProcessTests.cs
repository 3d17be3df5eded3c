using NearCache.TestSupport;
using NearCache.TestSupport.Servers;

namespace NearCache.IntegrationTests.EndToEnd;

/// <summary>Invalidation between two storefronts, on real memcached servers and a ZooKeeper ensemble of three.</summary>
/// <remarks>20 changes; 500 with <c>NEARCACHE_FULL=1</c>.</remarks>
public sealed class ChangesReachTheOtherProcessTests(ITestOutputHelper output)
{
    [Fact]
    public async Task A_near_value_that_is_changed_in_one_process_is_soon_changed_in_the_other()
    {
        await using var storefronts = await StorefrontCluster.BuildAsync();
        await storefronts.WarmUpAsync();

        var latency = await storefronts.ChangeAsync(TestScale.Of(20, 500));

        output.WriteLine($"[FIGURE] PUT returned to the other process's last old answer, announced by ZooKeeper: {latency}");
        var writes = (await storefronts.First.Shop.DiagnosticsAsync()).ZooKeeperWrites;
        output.WriteLine($"[FIGURE] ZooKeeper writes of the process that changed: {writes}");
        Assert.True(writes > 0);

        // On a busy machine some requests take longer than that.
        Assert.InRange(latency.At(0.2), TimeSpan.Zero, StorefrontCluster.Announced);
        Assert.InRange(latency.Largest, TimeSpan.Zero, TimeSpan.FromSeconds(5));
        Assert.All(storefronts.Shops, shop => Assert.Empty(shop.Failures()));
    }

    [Fact]
    public async Task A_parameter_a_basket_and_a_counter_are_shared_by_both_processes()
    {
        await using var storefronts = await StorefrontCluster.BuildAsync();

        await storefronts.First.Shop.SetParameterAsync("banner", "Sold out");
        await storefronts.First.Shop.PutInBasketAsync("anna", StorefrontCluster.Raincoat);
        await storefronts.Second.Shop.PutInBasketAsync("anna", StorefrontCluster.Raincoat);
        await storefronts.First.Shop.ViewAsync(StorefrontCluster.Raincoat);

        Assert.Equal("Sold out", (await storefronts.Second.Shop.ParameterAsync("banner")).Text);
        var basket = await storefronts.First.Shop.BasketAsync("anna");
        Assert.Equal(2, basket.GetProperty("value").GetProperty("1").GetInt32());
        Assert.Equal("remote", basket.GetProperty("source").GetString());
        Assert.Equal(2, await storefronts.Second.Shop.ViewAsync(StorefrontCluster.Raincoat));
    }

    [Fact]
    public async Task A_shop_that_is_told_to_end_announces_what_it_changed_and_leaves_nothing_in_ZooKeeper()
    {
        await using var storefronts = await StorefrontCluster.BuildAsync(memcacheds: 1);
        var server = await storefronts.ZooKeeper.LeaderAsync();
        await Eventually.BecomesTrueAsync(async () => await MembersAsync(server) == 2, "both shops are members", TimeSpan.FromMinutes(5));
        await storefronts.First.Shop.SetPriceAsync(StorefrontCluster.Raincoat, 7);

        Assert.Equal(0, await storefronts.First.EndAsync(TimeSpan.FromMinutes(3)));

        Assert.Empty(storefronts.First.Failures());
        await Eventually.BecomesTrueAsync(
            async () => (await storefronts.Second.Shop.PriceAsync(StorefrontCluster.Raincoat)).Price == 7,
                "the other shop shows the change");
        await Eventually.BecomesTrueAsync(async () => await MembersAsync(server) == 1, "one member is left");
    }

    private static async Task<int> MembersAsync(ZooKeeperProcess server) => (await server.AskAsync("dump")).Split("/members/").Length - 1;
}
