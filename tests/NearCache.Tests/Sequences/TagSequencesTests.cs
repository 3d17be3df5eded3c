using Microsoft.Extensions.Caching.Hybrid;
using NearCache.Memcached.Protocol;
using NearCache.Tests.Adapters.Hybrid;

namespace NearCache.Tests.Sequences;

/// <summary>The sequences after which other hybrid caches keep a stale value, through HybridCache.</summary>
public sealed class TagSequencesTests
{
    private const string Key = "1";
    private const string Tag = "red";

    [Fact]
    public async Task A_removed_tag_is_seen_elsewhere_within_the_bound()
    {
        await using var fleet = await Fleet.StartAsync();
        var (here, there) = Faces(fleet);
        await NearInBothAsync(fleet);

        await there.RemoveByTagAsync(Tag);

        Assert.Null(await there.AnywhereAsync(Key));
        var stale = await fleet.TurnUntilAsync(async () => await here.AnywhereAsync(Key) is null);
        Assert.True(stale <= TimeSpan.FromSeconds(5), $"stale for {stale}");
        Assert.Equal("new", await here.MakeAsync(Key, "new", Tag));
        await AlwaysAsync(fleet, here, "new");
        await AlwaysAsync(fleet, there, "new");
    }

    [Fact]
    public async Task The_star_is_seen_elsewhere_within_the_bound()
    {
        await using var fleet = await Fleet.StartAsync();
        var (here, there) = Faces(fleet);
        await NearInBothAsync(fleet);

        await there.RemoveByTagAsync("*");

        var stale = await fleet.TurnUntilAsync(async () => await here.AnywhereAsync(Key) is null);
        Assert.True(stale <= TimeSpan.FromSeconds(5), $"stale for {stale}");
    }

    [Theory]
    [InlineData(-5)]
    [InlineData(5)]
    public async Task The_clock_of_the_remover_does_not_matter(int seconds)
    {
        await using var fleet = await Fleet.StartAsync();
        var (here, there) = Faces(fleet);
        await NearInBothAsync(fleet);
        fleet.ThereTime.JumpWallClock(TimeSpan.FromSeconds(seconds));

        await there.RemoveByTagAsync(Tag);

        var stale = await fleet.TurnUntilAsync(async () => await here.AnywhereAsync(Key) is null);
        Assert.True(stale <= TimeSpan.FromSeconds(5), $"stale for {stale}");
    }

    [Fact]
    public async Task A_removal_elsewhere_during_a_factory_voids_what_it_makes()
    {
        await using var fleet = await Fleet.StartAsync();
        var (here, there) = Faces(fleet);
        var source = new TaskCompletionSource<string>();
        var began = new TaskCompletionSource();
        var creation = here.GetOrCreateAsync(
            Key,
            async _ =>
            {
                began.SetResult();
                return await source.Task;
            },
            tags: [Tag]).AsTask();
        await began.Task;

        await there.RemoveByTagAsync(Tag);
        source.SetResult("old");
        await creation;

        Assert.Null(await there.AnywhereAsync(Key));
        Assert.Equal("new", await there.MakeAsync(Key, "new", Tag));
        await fleet.TurnUntilAsync(async () => await here.AnywhereAsync(Key) == "new");
        await AlwaysAsync(fleet, here, "new");
    }

    [Fact]
    public async Task A_removal_while_the_answer_to_a_read_is_under_way_is_not_lost()
    {
        await using var fleet = await Fleet.StartAsync();
        var (here, there) = Faces(fleet);
        await there.SetAsync(Key, "old", tags: [Tag]);
        var hold = fleet.HereRemote.BreakAfter(MetaCommandKind.Get, $"~tag:{Tag}");
        var read = here.AnywhereAsync(Key).AsTask();
        await hold.Reached;

        await there.RemoveByTagAsync(Tag);
        hold.Release();
        await read;

        var stale = await fleet.TurnUntilAsync(async () => await here.AnywhereAsync(Key) is null);
        Assert.True(stale <= TimeSpan.FromSeconds(5), $"stale for {stale}");
    }

    [Fact]
    public async Task Ones_own_removal_while_a_tag_is_read_is_not_lost()
    {
        await using var fleet = await Fleet.StartAsync();
        var (here, there) = Faces(fleet);
        await there.SetAsync(Key, "old", tags: [Tag]);
        var hold = fleet.HereRemote.BreakAfter(MetaCommandKind.Get, $"~tag:{Tag}");
        var read = here.AnywhereAsync(Key).AsTask();
        await hold.Reached;

        await here.RemoveByTagAsync(Tag);
        var after = here.AnywhereAsync(Key).AsTask();
        hold.Release();
        await read;

        Assert.Null(await after);
        Assert.Null(await here.AnywhereAsync(Key));
    }

    [Fact]
    public async Task A_removal_during_a_background_refresh_voids_what_it_brings()
    {
        await using var fleet = await Fleet.StartAsync(options => options.EagerRefresh = 0.5);
        var (here, there) = Faces(fleet);
        var options = new HybridCacheEntryOptions
        {
            Expiration = TimeSpan.FromSeconds(40),
            Flags = HybridCacheEntryFlags.DisableLocalCache,
        };
        await here.GetOrCreateAsync(Key, _ => ValueTask.FromResult("first"), options, [Tag]);
        await fleet.TurnAsync(TimeSpan.FromSeconds(30));
        var source = new TaskCompletionSource<string>();
        var began = new TaskCompletionSource();
        Assert.Equal("first", await here.GetOrCreateAsync(
            Key,
            async _ =>
            {
                began.TrySetResult();
                return await source.Task;
            },
            options,
            [Tag]));
        await began.Task.WaitAsync(TimeSpan.FromMinutes(3), TimeProvider.System);

        await there.RemoveByTagAsync(Tag);
        source.SetResult("refreshed");

        Assert.Null(await there.AnywhereAsync(Key));
        var stale = await fleet.TurnUntilAsync(async () => await here.AnywhereAsync(Key) is null);
        Assert.True(stale <= TimeSpan.FromSeconds(5), $"stale for {stale}");
        await AlwaysAsync(fleet, there, null);
    }

    [Fact]
    public async Task A_new_process_serves_none_of_a_thousand_entries_whose_tag_was_removed_before_it_began()
    {
        await using var fleet = await Fleet.StartAsync();
        var (_, there) = Faces(fleet);
        for (var i = 0; i < 1000; i++)
        {
            await there.SetAsync($"entry-{i}", "old", tags: [$"tag-{i % 10}"]);
        }

        for (var i = 0; i < 10; i++)
        {
            await there.RemoveByTagAsync($"tag-{i}");
        }

        await using var newcomer = fleet.Join();
        var adapter = new NearHybridCache(newcomer);
        var stale = 0;
        for (var i = 0; i < 1000; i++)
        {
            stale += await adapter.AnywhereAsync($"entry-{i}") is null ? 0 : 1;
        }

        Assert.Equal(0, stale);
    }

    [Fact]
    public async Task A_stopped_reader_serves_no_tagged_entry_longer_than_the_bound()
    {
        await using var fleet = await Fleet.StartAsync();
        var (here, there) = Faces(fleet);
        await NearInBothAsync(fleet);
        var hold = fleet.HereRemote.BreakBefore(MetaCommandKind.Get, "~nc:1:default:total");
        await fleet.TurnUntilAsync(() => Task.FromResult(hold.Reached.IsCompleted));

        await there.RemoveByTagAsync(Tag);
        await fleet.TurnAsync(TimeSpan.FromSeconds(5.1));

        Assert.Null(await here.AnywhereAsync(Key));
        hold.Release();
    }

    private static (HybridCache Here, HybridCache There) Faces(Fleet fleet) =>
        (new NearHybridCache(fleet.Here), new NearHybridCache(fleet.There));

    private static async Task NearInBothAsync(Fleet fleet)
    {
        var (here, there) = Faces(fleet);
        foreach (var cache in new[] { here, there })
        {
            await fleet.TurnUntilAsync(async () => await cache.MakeAsync(Key, "old", Tag) == "old" && await cache.NearAsync(Key) == "old");
        }
    }

    private static async Task AlwaysAsync(Fleet fleet, HybridCache cache, string? value)
    {
        for (var i = 0; i < 200; i++)
        {
            Assert.Equal(value, await cache.AnywhereAsync(Key));
            await fleet.TurnAsync(TimeSpan.FromMilliseconds(50));
        }
    }
}
