using NearCache.Tests.Adapters.Hybrid;
using NearCache.TestSupport;

namespace NearCache.Tests.Remote.DistributedCache;

/// <summary>The weaker promise over an IDistributedCache, as docs/other-remotes.md words it.</summary>
public sealed class DistributedCacheRemoteCoherenceTests
{
    [Theory]
    [InlineData("memory")]
    [InlineData("file")]
    public async Task A_change_is_announced_and_seen_elsewhere(string vendor)
    {
        await using var fleet = await DistributedCacheFleet.StartAsync(vendor);
        await fleet.Here.SetAsync("product:1", "old");
        await DistributedCacheFleet.NearAsync(fleet.There, "product:1", "old");

        await fleet.Here.SetAsync("product:1", "new");
        Assert.Equal("new", (await fleet.Here.GetAsync<string>("product:1")).Value);
        await DistributedCacheFleet.SeesAsync(fleet.There, "product:1", "new");
        await DistributedCacheFleet.NearAsync(fleet.There, "product:1", "new");

        await fleet.There.RemoveAsync("product:1");
        Assert.False((await fleet.There.GetAsync<string>("product:1")).HasValue);
        await DistributedCacheFleet.SeesAsync(fleet.Here, "product:1", null);
    }

    [Theory]
    [InlineData("memory")]
    [InlineData("file")]
    public async Task A_removed_tag_is_seen_elsewhere_and_by_a_new_process(string vendor)
    {
        await using var fleet = await DistributedCacheFleet.StartAsync(vendor);
        var (here, there) = (new NearHybridCache(fleet.Here), new NearHybridCache(fleet.There));
        for (var i = 0; i < 200; i++)
        {
            await there.SetAsync($"entry-{i}", "old", tags: [$"tag-{i % 4}"]);
        }

        await Eventually.BecomesTrueAsync(
            async () => await here.AnywhereAsync("entry-0") == "old" && await here.NearAsync("entry-0") == "old", "the entry is near here");
        for (var i = 0; i < 4; i++)
        {
            await there.RemoveByTagAsync($"tag-{i}");
        }

        Assert.Null(await there.AnywhereAsync("entry-0"));
        await Eventually.BecomesTrueAsync(async () => await here.AnywhereAsync("entry-0") is null, "the tag is removed here");
        await using var newcomer = fleet.Join(1);
        var adapter = new NearHybridCache(newcomer);
        for (var i = 0; i < 200; i++)
        {
            Assert.Null(await adapter.AnywhereAsync($"entry-{i}"));
        }

        Assert.Equal("new", await here.MakeAsync("entry-0", "new", "tag-0"));
        await Eventually.BecomesTrueAsync(async () => await there.AnywhereAsync("entry-0") == "new", "the new entry is found there");
    }

    [Fact]
    public async Task What_no_watch_tells_the_next_confirmation_finds()
    {
        await using var fleet = await DistributedCacheFleet.StartNearAsync("product:1", "old");
        fleet.Ensemble.Servers[1].DropNotifications = true;

        await fleet.Here.SetAsync("product:1", "new");

        await DistributedCacheFleet.SeesAsync(fleet.There, "product:1", "new");
        await DistributedCacheFleet.NearAsync(fleet.There, "product:1", "new");
    }

    [Fact]
    public async Task A_server_of_ZooKeeper_that_lags_confirms_nothing()
    {
        await using var fleet = await DistributedCacheFleet.StartNearAsync("product:1", "old");
        fleet.Ensemble.Servers[1].Lag();

        await fleet.Here.SetAsync("product:1", "new");

        // The sync waits, so the gate closes before anything could be older than it may; and stays closed, whatever was confirmed before
        // the change was announced.
        await DistributedCacheFleet.SeesAsync(fleet.There, "product:1", "new");
        await Eventually.BecomesTrueAsync(
            async () => await FromRemoteAsync(fleet.There, "product:1", times: 100), "nothing is near there any more");
        fleet.Ensemble.Servers[1].CatchUp();
        await DistributedCacheFleet.NearAsync(fleet.There, "product:1", "new");
    }

    [Fact]
    public async Task Without_ZooKeeper_nothing_is_served_near_after_MaxStaleness_and_what_was_written_is_announced_when_it_is_back()
    {
        await using var fleet = await DistributedCacheFleet.StartNearAsync("product:1", "old");
        fleet.Ensemble.Servers[0].Stop();

        await fleet.Here.SetAsync("product:1", "new");
        Assert.Equal("new", (await fleet.Here.GetAsync<string>("product:1")).Value);
        await Eventually.BecomesTrueAsync(
            async () => (await fleet.Here.GetAsync<string>("product:1")).Source == CacheSource.Remote, "nothing is near here any more");

        fleet.Ensemble.Servers[0].Restart();

        await DistributedCacheFleet.SeesAsync(fleet.There, "product:1", "new");
        await DistributedCacheFleet.NearAsync(fleet.Here, "product:1", "new");
    }

    [Fact]
    public async Task No_change_is_lost_however_many_there_are()
    {
        await using var fleet = await DistributedCacheFleet.StartAsync("memory", options => options.ChurnBreaker = false);
        const int Keys = 1500;
        for (var i = 0; i < Keys; i++)
        {
            await fleet.Here.SetAsync($"product:{i}", "old");
        }

        await DistributedCacheFleet.NearAsync(fleet.There, $"product:{Keys - 1}", "old");
        await Eventually.BecomesTrueAsync(() => fleet.Here.Snapshot().Budgets!.Waiting == 0, "everything is announced");
        for (var i = 0; i < Keys; i++)
        {
            await fleet.There.GetAsync<string>($"product:{i}");
        }

        // Far more than one slot, or the queue before it, can hold.
        await Task.WhenAll(Enumerable.Range(0, Keys).Select(i => fleet.Here.SetAsync($"product:{i}", "new")));

        await Eventually.BecomesTrueAsync(
            async () =>
            {
                var seen = 0;
                for (var i = 0; i < Keys; i++)
                {
                    seen += (await fleet.There.GetAsync<string>($"product:{i}")).Value == "new" ? 1 : 0;
                }

                return seen == Keys;
            },
            "every change is seen there");
    }

    [Fact]
    public async Task A_rule_that_is_added_keeps_nothing_near_that_a_writer_may_not_know_of()
    {
        await using var fleet = await DistributedCacheFleet.StartAsync("file");
        await fleet.Here.SetAsync("page:1", "old");
        Assert.Equal(CacheSource.Remote, (await fleet.There.GetAsync<string>("page:1")).Source);

        await fleet.Here.Rules.AddAsync(
            new RuleOptions { Name = "pages", Match = "page:*" }, new EditReason { Who = "test", Why = "pages" });
        await DistributedCacheFleet.NearAsync(fleet.There, "page:1", "old");
        await fleet.Here.SetAsync("page:1", "new");

        await DistributedCacheFleet.SeesAsync(fleet.There, "page:1", "new");
    }

    [Fact]
    public async Task A_stop_reaches_the_others_through_ZooKeeper()
    {
        await using var fleet = await DistributedCacheFleet.StartAsync("file");

        try
        {
            await fleet.Here.Rules.StopAsync(null, new EditReason { Who = "test", Why = "enough" });
        }
        catch (NearCacheException e) when (e.OutcomeUnknown)
        {
            // A busy machine: it goes on being tried.
        }

        Assert.Equal(CacheSource.Remote, (await fleet.Here.GetAsync<string>("product:warm")).Source);
        await Eventually.BecomesTrueAsync(
            async () => (await fleet.There.GetAsync<string>("product:warm")).Source == CacheSource.Remote, "nothing is near there");
    }

    [Fact]
    public async Task A_write_that_failed_is_announced_all_the_same()
    {
        await using var fleet = await DistributedCacheFleet.StartNearAsync("product:1", "old");
        fleet.Files.Fault = new TimeoutException("No answer.");

        var failure = await Assert.ThrowsAsync<NearCacheException>(() => fleet.Here.SetAsync("product:1", "new"));
        fleet.Files.Fault = null;
        await fleet.Files.RemoveAsync("product:1");   // it was done after all

        Assert.Equal((true, true), (failure.OutcomeUnknown, failure.InnerException is TimeoutException));
        await DistributedCacheFleet.SeesAsync(fleet.There, "product:1", null);
    }

    [Fact]
    public async Task What_a_factory_made_before_a_change_that_is_known_here_is_not_stored()
    {
        await using var fleet = await DistributedCacheFleet.StartAsync("file");
        foreach (var writer in new[] { fleet.Here, fleet.There })
        {
            var source = new TaskCompletionSource<string>();
            var began = new TaskCompletionSource();
            var key = writer == fleet.Here ? "product:own" : "product:other";
            var creation = fleet.Here.GetOrCreateAsync(
                key,
                async _ =>
                {
                    began.SetResult();
                    return await source.Task;
                }).AsTask();
            await began.Task;

            await writer.RemoveAsync(key);
            await fleet.HeardAsync(fleet.Here, key);
            source.SetResult("old");

            Assert.Equal("old", await creation);
            Assert.False((await fleet.There.GetAsync<string>(key)).HasValue);
            Assert.False((await fleet.Here.GetAsync<string>(key)).HasValue);
        }
    }

    [Fact]
    public async Task What_a_factory_overwrote_is_removed_when_the_change_is_heard_of()
    {
        await using var fleet = await DistributedCacheFleet.StartAsync("file");
        await fleet.OverwriteChangeAsync("product:1");

        fleet.Ensemble.Servers[0].CatchUp();

        await DistributedCacheFleet.SeesAsync(fleet.There, "product:1", null);
        await DistributedCacheFleet.SeesAsync(fleet.Here, "product:1", null);
        Assert.Equal("new", await fleet.There.GetOrCreateAsync("product:1", _ => ValueTask.FromResult("new")));
    }

    [Fact]
    public async Task A_change_while_the_answer_to_a_read_is_under_way_is_not_lost()
    {
        await using var fleet = await DistributedCacheFleet.StartAsync("file");
        await fleet.There.SetAsync("product:1", "old");
        await fleet.HeardAsync(fleet.Here, "product:1");
        var old = await fleet.Files.GetAsync("product:1");
        var reached = new TaskCompletionSource();
        var release = new TaskCompletionSource();
        fleet.Files.BeforeGet = async key =>
        {
            if (key == "product:1" && reached.TrySetResult())
            {
                await release.Task;
                // what this read finds, as if it had been answered before the change
                await fleet.Files.SetAsync("product:1", old!, new());
            }
        };
        var read = fleet.Here.GetAsync<string>("product:1").AsTask();
        await reached.Task;
        await fleet.There.SetAsync("product:1", "new");
        var changed = await fleet.Files.GetAsync("product:1");
        await fleet.HeardAsync(fleet.Here, "product:1", times: 2);

        release.SetResult();
        Assert.Equal("old", (await read).Value);
        await fleet.Files.SetAsync("product:1", changed!, new());

        Assert.Equal("new", (await fleet.Here.GetAsync<string>("product:1")).Value);
    }

    private static async Task<bool> FromRemoteAsync(NearCacheClient cache, string key, int times)
    {
        for (; times > 0; times--)
        {
            if ((await cache.GetAsync<string>(key)).Source != CacheSource.Remote)
            {
                return false;
            }
        }

        return true;
    }
}
