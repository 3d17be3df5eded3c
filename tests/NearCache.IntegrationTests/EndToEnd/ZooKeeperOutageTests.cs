using NearCache.TestSupport;

namespace NearCache.IntegrationTests.EndToEnd;

/// <summary>All ZooKeeper servers are killed at once: near hits continue, audits find changes, and no call fails.</summary>
/// <remarks>3 trials and 15 changes; 20 and 200 with <c>NEARCACHE_FULL=1</c>.</remarks>
public sealed class ZooKeeperOutageTests(ITestOutputHelper output)
{
    // Audits take about a second. What holds however busy the machine is, is the promise.
    private static readonly TimeSpan ByAudit = new NearCacheOptions().MaxStaleness + TimeSpan.FromMilliseconds(50);

    [Fact]
    public async Task Without_ZooKeeper_changes_are_found_by_audits_and_with_it_they_are_fast_again()
    {
        await using var storefronts = await StorefrontCluster.BuildAsync();
        await storefronts.WarmUpAsync();
        var before = await storefronts.ChangeAsync(TestScale.Of(15, 200));

        storefronts.ZooKeeper.KillAll();
        var trials = new List<TimeSpan>();
        for (var trial = 0; trial < TestScale.Of(3, 20); trial++)
        {
            foreach (var shop in storefronts.Shops)
            {
                // Served near, confirmed only by memcached's counters.
                await Eventually.BecomesTrueAsync(async () =>
                    (await shop.Shop.PriceAsync(StorefrontCluster.Raincoat)).IsNear, "near hits go on");
            }

            trials.Add(await storefronts.ChangeAsync());
        }

        output.WriteLine($"[FIGURE] ZooKeeper dead, found by audits: {new Percentiles(trials)}");
        Assert.All(trials, found => Assert.InRange(found, TimeSpan.Zero, ByAudit));

        await storefronts.ZooKeeper.StartAllAsync();
        await storefronts.WarmUpAsync();
        output.WriteLine($"[FIGURE] announced before the outage: {before}");

        // Measures again if other work kept the machine busy.
        await Eventually.BecomesTrueAsync(
            async () =>
            {
                var after = await storefronts.ChangeAsync(TestScale.Of(15, 200));
                output.WriteLine($"[FIGURE] announced after the outage: {after}");
                return after.At(0.2) <= StorefrontCluster.Announced;
            },
            "changes are announced as before the outage",
            TimeSpan.FromMinutes(3));
        Assert.All(storefronts.Shops, shop => Assert.Empty(shop.Failures()));
    }
}
