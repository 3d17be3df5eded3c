using NearCache.Memcached.Protocol;

namespace NearCache.Tests.Sequences;

/// <summary>The sequences after which other near caches keep a stale value until its lifetime ends.</summary>
public sealed class StaleSequencesTests
{
    private const string Key = Fleet.Key;

    [Fact]
    public async Task A_set_during_ones_own_factory_is_not_overwritten_by_it()
    {
        await using var fleet = await Fleet.StartAsync();
        var source = new TaskCompletionSource<string>();
        var creation = fleet.Here.GetOrCreateAsync(Key, async _ => await source.Task).AsTask();

        await fleet.Here.SetAsync(Key, "new");
        source.SetResult("old");
        await creation;

        await AlwaysReadsAsync(fleet, fleet.Here, "new");
        await AlwaysReadsAsync(fleet, fleet.There, "new");
    }

    [Fact]
    public async Task A_remove_during_ones_own_factory_leaves_nothing_of_it()
    {
        await using var fleet = await Fleet.StartAsync();
        var source = new TaskCompletionSource<string>();
        var creation = fleet.Here.GetOrCreateAsync(Key, async _ => await source.Task).AsTask();

        await fleet.Here.RemoveAsync(Key);
        source.SetResult("old");
        Assert.Equal("old", await creation);

        Assert.False((await fleet.Here.GetAsync<string>(Key)).HasValue);
        Assert.False((await fleet.There.GetAsync<string>(Key)).HasValue);
    }

    [Fact]
    public async Task A_get_that_begins_after_a_remove_does_not_join_the_older_factory()
    {
        await using var fleet = await Fleet.StartAsync();
        var source = new TaskCompletionSource<string>();
        var older = fleet.Here.GetOrCreateAsync(Key, async _ => await source.Task).AsTask();

        await fleet.Here.RemoveAsync(Key);
        Assert.Equal("new", await fleet.Here.GetOrCreateAsync(Key, _ => ValueTask.FromResult("new")));
        source.SetResult("old");
        Assert.Equal("old", await older);

        await AlwaysReadsAsync(fleet, fleet.Here, "new");
        await AlwaysReadsAsync(fleet, fleet.There, "new");
    }

    [Fact]
    public async Task A_write_elsewhere_during_a_factory_is_not_overwritten_near_or_remote()
    {
        await using var fleet = await Fleet.StartAsync();
        var source = new TaskCompletionSource<string>();
        var creation = fleet.Here.GetOrCreateAsync(Key, async _ => await source.Task).AsTask();

        await fleet.There.SetAsync(Key, "new");
        source.SetResult("old");
        await creation;

        Assert.Equal("new", (await fleet.There.GetAsync<string>(Key)).Value);
        await AlwaysReadsAsync(fleet, fleet.Here, "new");
    }

    [Fact]
    public async Task A_fill_whose_answer_was_under_way_during_a_write_elsewhere_ends_with_the_next_audit()
    {
        await using var fleet = await Fleet.StartAsync();
        await fleet.There.SetAsync(Key, "old");
        var hold = fleet.HereRemote.BreakAfter(MetaCommandKind.Get, Key);
        var read = fleet.Here.GetAsync<string>(Key).AsTask();
        await hold.Reached;

        await fleet.There.SetAsync(Key, "new");
        hold.Release();
        Assert.Equal("old", (await read).Value);

        var stale = await fleet.TurnUntilAsync(async () => (await fleet.Here.GetAsync<string>(Key)).Value == "new");
        Assert.True(stale <= TimeSpan.FromSeconds(5), $"stale for {stale}");
        await AlwaysReadsAsync(fleet, fleet.Here, "new");
    }

    [Fact]
    public async Task A_fill_whose_answer_was_under_way_during_ones_own_write_is_not_kept()
    {
        await using var fleet = await Fleet.StartAsync();
        await fleet.Here.SetAsync(Key, "old");
        var hold = fleet.HereRemote.BreakAfter(MetaCommandKind.Get, Key);
        var read = fleet.Here.GetAsync<string>(Key).AsTask();
        await hold.Reached;

        await fleet.Here.SetAsync(Key, "new");
        hold.Release();
        await read;

        Assert.Equal(("new", CacheSource.Remote), Of(await fleet.Here.GetAsync<string>(Key)));
    }

    [Fact]
    public async Task A_get_between_the_two_parts_of_a_remove_leaves_nothing_near()
    {
        await using var fleet = await Fleet.StartAsync();
        await fleet.Here.SetAsync(Key, "old");
        var hold = fleet.HereRemote.BreakBefore(MetaCommandKind.Delete, Key);
        var removal = fleet.Here.RemoveAsync(Key);
        await hold.Reached;

        await fleet.Here.GetAsync<string>(Key);
        hold.Release();
        Assert.True(await removal);

        Assert.False((await fleet.Here.GetAsync<string>(Key)).HasValue);
    }

    [Fact]
    public async Task A_get_while_the_answer_to_a_remove_is_under_way_leaves_nothing_near()
    {
        await using var fleet = await Fleet.StartAsync();
        await fleet.Here.SetAsync(Key, "old");
        await fleet.Here.GetAsync<string>(Key);
        var hold = fleet.HereRemote.BreakAfter(MetaCommandKind.Delete, Key);
        var removal = fleet.Here.RemoveAsync(Key);
        await hold.Reached;

        await fleet.Here.GetAsync<string>(Key);
        hold.Release();
        await removal;

        Assert.False((await fleet.Here.GetAsync<string>(Key)).HasValue);
    }

    [Theory]
    [InlineData(-5)]
    [InlineData(5)]
    public async Task A_writer_whose_clock_is_off_is_believed(int seconds)
    {
        await using var fleet = await Fleet.StartAsync();
        await fleet.Here.SetAsync(Key, "old");
        await fleet.Here.GetAsync<string>(Key);
        fleet.ThereTime.JumpWallClock(TimeSpan.FromSeconds(seconds));

        await fleet.There.SetAsync(Key, "new");

        var stale = await fleet.TurnUntilAsync(async () => (await fleet.Here.GetAsync<string>(Key)).Value == "new");
        Assert.True(stale <= TimeSpan.FromSeconds(5), $"stale for {stale}");
        await AlwaysReadsAsync(fleet, fleet.Here, "new");
    }

    [Fact]
    public async Task A_reader_whose_audits_do_not_come_back_stops_serving()
    {
        await using var fleet = await Fleet.StartAsync();
        await fleet.There.SetAsync(Key, "old");
        await fleet.Here.GetAsync<string>(Key);
        Assert.Equal(("old", CacheSource.Near), Of(await fleet.Here.GetAsync<string>(Key)));
        var hold = fleet.HereRemote.BreakBefore(MetaCommandKind.Get, "~nc:1:default:total");

        await fleet.TurnUntilAsync(() => Task.FromResult(hold.Reached.IsCompleted));
        await fleet.There.SetAsync(Key, "new");
        await fleet.TurnAsync(TimeSpan.FromSeconds(5.1));

        Assert.Equal(("new", CacheSource.Remote), Of(await fleet.Here.GetAsync<string>(Key)));
        hold.Release();
    }

    [Fact]
    public async Task A_machine_that_slept_serves_nothing_near_until_an_audit_confirms()
    {
        await using var fleet = await Fleet.StartAsync();
        await fleet.There.SetAsync(Key, "old");
        await fleet.Here.GetAsync<string>(Key);
        Assert.Equal(CacheSource.Near, (await fleet.Here.GetAsync<string>(Key)).Source);

        fleet.Time.JumpWallClock(TimeSpan.FromHours(1));

        Assert.Equal(CacheSource.Remote, (await fleet.Here.GetAsync<string>(Key)).Source);
        await fleet.TurnUntilAsync(async () => (await fleet.Here.GetAsync<string>(Key)).Source == CacheSource.Near);
    }

    private static (string? Value, CacheSource Source) Of(CacheResult<string> result) => (result.Value, result.Source);

    // After the new value was read, no later read may return another one, near or not.
    private static async Task AlwaysReadsAsync(Fleet fleet, NearCacheClient cache, string value)
    {
        for (var i = 0; i < 200; i++)
        {
            Assert.Equal(value, (await cache.GetAsync<string>(Key)).Value);
            await fleet.TurnAsync(TimeSpan.FromMilliseconds(50));
        }
    }
}
