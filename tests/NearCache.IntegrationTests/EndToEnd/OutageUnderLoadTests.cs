using System.Globalization;
using NearCache.TestSupport.Servers;

namespace NearCache.IntegrationTests.EndToEnd;

/// <summary>
/// memcached dies and returns under a shop with 500 requests a second: everybody is answered, and the database is not run over.
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
    private static readonly TimeSpan Phase = TimeSpan.FromSeconds(Scope.Of(4, 30));

    [Fact]
    public async Task Everybody_is_answered_and_the_source_sees_one_load_a_key_and_never_more_than_the_bound()
    {
        await using var memcached = await MemcachedProcess.StartNewAsync();
        await using var shop = await StorefrontProcess.StartNewAsync(
            $"NearCache:Memcached:Servers:0={memcached.Address}",
            $"NearCache:MaxConcurrentFactories={Bound.ToString(CultureInfo.InvariantCulture)}");
        using var visitors = new Visitors(new Uri($"http://{shop.Address}"), PerSecond, Products);
        await visitors.ComeAsync(TimeSpan.FromSeconds(2));

        var before = await visitors.ComeAsync(Phase);
        memcached.Kill();
        var near = await visitors.ComeAsync(MaxStaleness);
        var during = await visitors.ComeAsync(Phase);
        await memcached.StartAsync();
        var after = await visitors.ComeAsync(Phase);

        Tell("before", before);
        Tell("while memcached is dead, in the first five seconds", near);
        Tell("while memcached is dead, after that", during);
        Tell("after", after);
        var load = await shop.Shop.LoadAsync();
        output.WriteLine(
            $"[FIGURE] the database of the shop, over the whole outage: {load.Reads} reads, at most {load.MostAtOnce} at once (bound {Bound}), at most {load.MostOfOneAtOnce} of one product at once");
        Assert.All([before, near, during, after], visits => Assert.All(visits, visit => Assert.True(visit.IsAnswered)));
        Assert.InRange(load.MostAtOnce, 1, Bound);
        Assert.Equal(1, load.MostOfOneAtOnce);
        Assert.Empty(shop.Failures());
    }

    private void Tell(string when, Visit[] visits) => output.WriteLine(
        $"[FIGURE] {PerSecond} requests/s on a shop, {when}: {visits.Count(visit => !visit.IsAnswered)} of {visits.Length} failed, {new Percentiles(visits.Select(visit => visit.Took))}");
}
