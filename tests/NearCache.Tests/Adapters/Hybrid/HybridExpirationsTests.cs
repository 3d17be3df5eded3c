using Microsoft.Extensions.Caching.Hybrid;

namespace NearCache.Tests.Adapters.Hybrid;

/// <summary>How long entries live, there and near.</summary>
public sealed class HybridExpirationsTests
{
    [Fact]
    public async Task An_entry_ends_with_its_expiration()
    {
        await using var world = HybridFixture.Start();
        await world.Cache.SetAsync("short", "one", new HybridCacheEntryOptions { Expiration = TimeSpan.FromSeconds(10) });
        await world.Cache.SetAsync("long", "two", new HybridCacheEntryOptions { Expiration = TimeSpan.FromDays(40) });
        await world.Cache.AnywhereAsync("short");

        world.Time.Advance(TimeSpan.FromSeconds(8));
        Assert.Equal("one", await world.Cache.AnywhereAsync("short"));
        world.Time.Advance(TimeSpan.FromSeconds(3));

        Assert.Null(await world.Cache.AnywhereAsync("short"));
        Assert.Equal("two", await world.Cache.AnywhereAsync("long"));
    }

    [Fact]
    public async Task A_near_entry_ends_with_the_local_expiration_and_never_after_the_overall_one()
    {
        await using var world = HybridFixture.Start();
        await Make("local", new HybridCacheEntryOptions { LocalCacheExpiration = TimeSpan.FromSeconds(2) });
        await Make(
            "overall", new HybridCacheEntryOptions { Expiration = TimeSpan.FromSeconds(3), LocalCacheExpiration = TimeSpan.FromHours(1) });
        Assert.Equal(("made", "made"), (await world.Cache.NearAsync("local"), await world.Cache.NearAsync("overall")));

        await TurnAsync(world, TimeSpan.FromSeconds(2.5));

        Assert.Equal((null, "made"), (await world.Cache.NearAsync("local"), await world.Cache.RemoteAsync("local")));
        Assert.Null(await world.Cache.NearAsync("overall"));

        ValueTask<string> Make(string key, HybridCacheEntryOptions options) =>
            world.Cache.GetOrCreateAsync(key, _ => ValueTask.FromResult("made"), options);
    }

    [Fact]
    public async Task The_local_expiration_of_the_reader_counts_for_what_comes_from_the_remote()
    {
        await using var world = HybridFixture.Start();
        await world.Cache.SetAsync("key", "there");
        await world.Cache.GetOrCreateAsync(
            "key", _ => ValueTask.FromResult("made"), new HybridCacheEntryOptions { LocalCacheExpiration = TimeSpan.FromSeconds(1) });
        Assert.Equal("there", await world.Cache.NearAsync("key"));

        await TurnAsync(world, TimeSpan.FromSeconds(1.5));

        Assert.Null(await world.Cache.NearAsync("key"));
    }

    [Fact]
    public async Task What_comes_from_the_remote_is_near_for_no_longer_than_it_has_left()
    {
        await using var world = HybridFixture.Start();
        await world.Cache.SetAsync("key", "there", new HybridCacheEntryOptions { Expiration = TimeSpan.FromSeconds(4) });
        world.Time.Advance(TimeSpan.FromSeconds(1));
        await world.Cache.GetOrCreateAsync(
            "key", _ => ValueTask.FromResult("made"), new HybridCacheEntryOptions { LocalCacheExpiration = TimeSpan.FromHours(1) });
        Assert.Equal("there", await world.Cache.NearAsync("key"));

        world.Time.Advance(TimeSpan.FromSeconds(3.1));

        Assert.Equal((null, null), (await world.Cache.NearAsync("key"), await world.Cache.RemoteAsync("key")));
    }

    [Fact]
    public async Task Without_any_expiration_an_entry_lives_as_long_as_the_caches_items()
    {
        await using var world = HybridFixture.Start(
            options => (options.ItemLifetime, options.LifetimeJitter) = (TimeSpan.FromMinutes(2), 0));
        await world.Cache.SetAsync("set", "one");
        await world.Cache.MakeAsync("made", "two");

        world.Time.Advance(TimeSpan.FromSeconds(115));
        Assert.Equal(("one", "two"), (await world.Cache.RemoteAsync("set"), await world.Cache.RemoteAsync("made")));
        world.Time.Advance(TimeSpan.FromSeconds(10));

        Assert.Equal((null, null), (await world.Cache.RemoteAsync("set"), await world.Cache.RemoteAsync("made")));
    }

    // "The most granular non-null value is used, with null values being inherited": each of the three for itself.
    [Theory]
    [InlineData(null, null, null)]
    [InlineData(4, null, null)]
    [InlineData(null, 2, null)]
    [InlineData(null, null, HybridCacheEntryFlags.None)]
    [InlineData(4, 2, HybridCacheEntryFlags.None)]
    public async Task Each_option_that_a_call_leaves_out_is_the_caches(int? expiration, int? local, HybridCacheEntryFlags? flags)
    {
        const HybridCacheEntryFlags NoNear = HybridCacheEntryFlags.DisableLocalCacheWrite;
        var common = new HybridCacheEntryOptions
        {
            Expiration = TimeSpan.FromSeconds(60),
            LocalCacheExpiration = TimeSpan.FromSeconds(3),
            Flags = NoNear,
        };
        var own = new HybridCacheEntryOptions { Expiration = Seconds(expiration), LocalCacheExpiration = Seconds(local), Flags = flags };
        await using var world = HybridFixture.Start(
            options => options.LifetimeJitter = 0, new NearHybridCacheOptions { DefaultEntryOptions = common });
        await world.Cache.GetOrCreateAsync("key", _ => ValueTask.FromResult("made"), own);
        var isNear = (flags ?? NoNear) == HybridCacheEntryFlags.None;

        foreach (var second in Enumerable.Range(0, 6))
        {
            var now = second + 0.5;
            world.Time.Advance(TimeSpan.FromSeconds(second == 0 ? 0.5 : 1));
            Assert.Equal(isNear && now < (local ?? 3) ? "made" : null, await world.Cache.NearAsync("key"));
            Assert.Equal(now < (expiration ?? 60) ? "made" : null, await world.Cache.RemoteAsync("key"));
        }

        static TimeSpan? Seconds(int? number) => number is { } given ? TimeSpan.FromSeconds(given) : null;
    }

    [Fact]
    public async Task An_expiration_that_is_not_positive_is_refused()
    {
        await using var world = HybridFixture.Start();

        await Assert.ThrowsAsync<ArgumentOutOfRangeException>(
            async () => await world.Cache.SetAsync("key", "one", new HybridCacheEntryOptions { Expiration = TimeSpan.Zero }));
        await Assert.ThrowsAsync<ArgumentOutOfRangeException>(async () =>
            await world.Cache.GetOrCreateAsync(
                "key", _ => ValueTask.FromResult("made"), new HybridCacheEntryOptions { LocalCacheExpiration = TimeSpan.FromSeconds(-1) }));
    }

    // An audit must confirm before anything may be near again.
    private static async Task TurnAsync(HybridFixture world, TimeSpan by)
    {
        world.Time.Advance(by);
        await Task.Yield();
    }
}
