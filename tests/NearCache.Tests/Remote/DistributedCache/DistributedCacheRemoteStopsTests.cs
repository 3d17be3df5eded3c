using NearCache.TestSupport;

namespace NearCache.Tests.Remote.DistributedCache;

/// <summary>
/// Over another remote a stop ends the announcements of its rule, once no process serves it near; and no change is missed when it is
/// cleared.
/// </summary>
public sealed class DistributedCacheRemoteStopsTests
{
    private static readonly EditReason Reason = new() { Who = "Alice", Why = "a test" };

    [Fact]
    public async Task Nothing_of_a_stopped_rule_is_announced_when_it_is_near_nowhere_and_the_first_near_value_after_the_stop_is_the_newest()
    {
        await using var fleet = await DistributedCacheFleet.StartNearAsync("product:1", "old");
        await StopAsync(fleet.Here);
        Assert.True(await IsAnnouncedAsync(fleet.Here), "what may still be near elsewhere is announced");
        await Eventually.BecomesTrueAsync(async () => !await IsAnnouncedAsync(fleet.Here), "nothing of it is announced any more");
        Assert.NotEqual(CacheSource.Near, (await fleet.There.GetAsync<string>("product:1")).Source);
        await fleet.Here.SetAsync("product:1", "during");

        // The writer learns of the end a little later than the reader.
        await fleet.There.Rules.ClearStopsAsync(
            [Assert.Single(fleet.There.Rules.Current.Stops).Id], Reason, TestContext.Current.CancellationToken);
        await fleet.There.GetAsync<string>("product:1");
        await fleet.Here.SetAsync("product:1", "new");

        await FirstNearIsAsync(fleet.There, "product:1", "new");
        Assert.True(await IsAnnouncedAsync(fleet.Here));
        await fleet.Here.SetAsync("product:1", "newer");
        await DistributedCacheFleet.SeesAsync(fleet.There, "product:1", "newer");
    }

    [Fact]
    public async Task A_process_that_was_away_from_the_stop_until_its_end_serves_nothing_of_before()
    {
        await using var fleet = await DistributedCacheFleet.StartNearAsync("product:1", "old");

        // What was announced before has been heard: it must not void the key when the process is back.
        await fleet.HeardAsync(fleet.There, "product:1");
        await DistributedCacheFleet.NearAsync(fleet.There, "product:1", "old");
        fleet.Ensemble.Servers[1].Lag();
        await Eventually.BecomesTrueAsync(() => !fleet.There.Snapshot().Servers[0].IsServedNear, "nothing is near there any more");

        await StopAsync(fleet.Here);
        await Eventually.BecomesTrueAsync(async () => !await IsAnnouncedAsync(fleet.Here), "nothing of the rule is announced any more");
        await fleet.Here.SetAsync("product:1", "new");
        await fleet.Here.Rules.ClearStopsAsync(
            [Assert.Single(fleet.Here.Rules.Current.Stops).Id], Reason, TestContext.Current.CancellationToken);
        Assert.False(fleet.There.Snapshot().Servers[0].IsServedNear);
        fleet.Ensemble.Servers[1].CatchUp();

        // Nothing is read until near entries would be served.
        await Eventually.BecomesTrueAsync(() => fleet.There.Snapshot().Servers[0].IsServedNear, "it is confirmed again");
        Assert.Empty(fleet.There.Rules.Current.Stops);
        Assert.Equal("new", (await fleet.There.GetAsync<string>("product:1")).Value);
        await FirstNearIsAsync(fleet.There, "product:1", "new");
    }

    private static async Task StopAsync(NearCacheClient cache)
    {
        try
        {
            await cache.Rules.StopAsync("products", Reason, TestContext.Current.CancellationToken);
        }
        catch (NearCacheException e) when (e.OutcomeUnknown)
        {
            // A busy machine: it goes on being tried.
        }
    }

    private static async Task<bool> IsAnnouncedAsync(NearCacheClient cache)
    {
        long Announced() => cache.Snapshot().Rules.Single(rule => rule.Name == "products").Announcements;
        var before = Announced();
        await cache.SetAsync("product:asked", "value");
        return Announced() > before;
    }

    private static async Task FirstNearIsAsync(NearCacheClient cache, string key, string value)
    {
        CacheResult<string> read = default;
        await Eventually.BecomesTrueAsync(
            async () => (read = await cache.GetAsync<string>(key)).Source == CacheSource.Near, "it is near again");
        Assert.Equal(value, read.Value);
    }
}
