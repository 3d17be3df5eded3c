using System.Globalization;
using NearCache.TestSupport.Servers;

namespace NearCache.IntegrationTests.EndToEnd;

/// <summary>
/// memcached dies and returns under a storefront with 500 requests a second: every request is answered, and the load on the database
/// stays bounded.
/// </summary>
/// <remarks>
/// Four seconds before, nine of outage (near entries are served for the first five) and four after; half a minute each with
/// <c>NEARCACHE_FULL=1</c>.
/// </remarks>
public sealed class OutageUnderLoadTests(ITestOutputHelper output)
{
    private const int Bound = 8;
    private const int Products = 100;
    private const int PerSecond = 500;
    private static readonly TimeSpan MaxStaleness = new NearCacheOptions().MaxStaleness;
    private static readonly TimeSpan Phase = TimeSpan.FromSeconds(TestScale.Of(4, 30));

    [Fact]
    public async Task Every_request_is_answered_and_the_source_sees_one_load_a_key_and_never_more_than_the_bound()
    {
        await using var memcached = await MemcachedProcess.StartNewAsync();
        await using var shop = await StorefrontProcess.StartNewAsync(
            $"NearCache:Memcached:Servers:0={memcached.Address}",
            $"NearCache:MaxConcurrentFactories={Bound.ToString(CultureInfo.InvariantCulture)}");
        using var load = new OpenLoopLoad(new Uri($"http://{shop.Address}"), PerSecond, Products);
        await load.RunAsync(TimeSpan.FromSeconds(2));

        var before = await load.RunAsync(Phase);
        memcached.Kill();
        var near = await load.RunAsync(MaxStaleness);
        var during = await load.RunAsync(Phase);
        await memcached.StartAsync();
        var after = await load.RunAsync(Phase);

        Tell("before", before);
        Tell("while memcached is dead, in the first five seconds", near);
        Tell("while memcached is dead, after that", during);
        Tell("after", after);
        var sourceLoad = await shop.Shop.LoadAsync();
        output.WriteLine(
            $"[FIGURE] the database of the shop, over the whole outage: {sourceLoad.Reads} reads, at most {sourceLoad.MostAtOnce} at "
                + $"once (bound {Bound}), at most {sourceLoad.MostOfOneAtOnce} of one product at once");
        Assert.All([before, near, during, after], responses => Assert.All(responses, response => Assert.True(response.IsAnswered)));
        Assert.InRange(sourceLoad.MostAtOnce, 1, Bound);
        Assert.Equal(1, sourceLoad.MostOfOneAtOnce);
        Assert.Empty(shop.Failures());
    }

    private void Tell(string when, TimedResponse[] responses) => output.WriteLine(
        $"[FIGURE] {PerSecond} requests/s on a shop, {when}: {responses.Count(response => !response.IsAnswered)} of {responses.Length} "
            + $"failed, {new Percentiles(responses.Select(response => response.Took))}");
}
