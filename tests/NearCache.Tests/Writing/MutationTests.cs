using NearCache.Tests.Creating;
using NearCache.Tests.Reading;
using NearCache.Tests.Sequences;
using NearCache.TestSupport;
using NearCache.TestSupport.Memcached;

namespace NearCache.Tests.Writing;

/// <summary>Mutations: what each call does, and that no copy of the previous value remains.</summary>
public sealed class MutationTests : IAsyncDisposable
{
    private readonly CacheFixture _shelf = new();

    public enum Change
    {
        Set,
        Add,
        CompareAndSet,
        Touch,
        Remove,
        SetMany,
        RemoveMany,
    }

    public async ValueTask DisposeAsync() => await _shelf.DisposeAsync();

    [Fact]
    public async Task A_touch_changes_how_long_the_item_lives_and_nothing_else()
    {
        var cache = _shelf.Make();
        Assert.False(await cache.TouchAsync(CacheFixture.Key, TimeSpan.FromSeconds(100)));
        await cache.SetAsync(CacheFixture.Key, "one", new CacheEntryOptions { Lifetime = TimeSpan.FromSeconds(10) });

        Assert.True(await cache.TouchAsync(CacheFixture.Key, TimeSpan.FromSeconds(100)));
        Assert.Equal(100, (await _shelf.ItemAsync(CacheFixture.Key)).TimeToLive);
        Assert.Equal("one", (await cache.GetAsync<string>(CacheFixture.Key)).Value);
        await Assert.ThrowsAsync<ArgumentOutOfRangeException>(() => cache.TouchAsync(CacheFixture.Key, TimeSpan.FromMilliseconds(999)));
    }

    [Fact]
    public async Task An_add_stores_only_where_nothing_is()
    {
        var cache = _shelf.Make();

        Assert.True(await cache.AddAsync(CacheFixture.Key, "one"));
        Assert.False(await cache.AddAsync(CacheFixture.Key, "two"));
        Assert.Equal("one", (await cache.GetAsync<string>(CacheFixture.Key)).Value);
        await cache.RemoveAsync(CacheFixture.Key);
        Assert.True(await cache.AddAsync(CacheFixture.Key, "three"));
    }

    [Fact]
    public async Task A_compare_and_set_stores_only_over_what_was_read_near_or_not()
    {
        var cache = _shelf.Make();
        await cache.SetAsync(CacheFixture.Key, "one");
        var read = await cache.GetAsync<string>(CacheFixture.Key);
        var near = await cache.GetAsync<string>(CacheFixture.Key);
        Assert.Equal((CacheSource.Remote, CacheSource.Near, read.Version), (read.Source, near.Source, near.Version));

        Assert.True(await cache.CompareAndSetAsync(CacheFixture.Key, "two", near.Version));
        Assert.Equal("two", (await cache.GetAsync<string>(CacheFixture.Key)).Value);
        Assert.False(await cache.CompareAndSetAsync(CacheFixture.Key, "three", near.Version));
        var second = await cache.GetAsync<string>(CacheFixture.Key);
        await cache.RemoveAsync(CacheFixture.Key);
        Assert.False(await cache.CompareAndSetAsync(CacheFixture.Key, "four", second.Version));
        Assert.False((await cache.GetAsync<string>(CacheFixture.Key)).HasValue);
        await Assert.ThrowsAsync<ArgumentException>(() => cache.CompareAndSetAsync(CacheFixture.Key, "five", CacheVersion.None));
    }

    [Fact]
    public async Task Many_are_stored_read_and_removed_in_one_call_each()
    {
        var cache = _shelf.Make();
        string[] keys = ["product:1", "basket:1", "product:2"];

        await cache.SetManyAsync(
            keys.Select(key => KeyValuePair.Create(key, $"of {key}")), new CacheEntryOptions { Lifetime = TimeSpan.FromSeconds(20) });
        Assert.Equal(20, (await _shelf.ItemAsync("basket:1")).TimeToLive);
        var first = await cache.GetManyAsync<string>([.. keys, "product:1", "product:3"]);
        var second = await cache.GetManyAsync<string>(keys);
        await cache.RemoveManyAsync(keys);

        Assert.Equal(["basket:1", "product:1", "product:2", "product:3"], first.Keys.Order());
        Assert.All(keys, key => Assert.Equal(("of " + key, CacheSource.Remote), (first[key].Value, first[key].Source)));
        Assert.False(first["product:3"].HasValue);
        Assert.Equal([CacheSource.Near, CacheSource.Remote, CacheSource.Near], keys.Select(key => second[key].Source));
        Assert.All((await cache.GetManyAsync<string>(keys)).Values, result => Assert.False(result.HasValue));
    }

    [Fact]
    public async Task One_key_that_cannot_be_a_key_and_nothing_is_sent()
    {
        var cache = _shelf.Make();
        string[] keys = ["product:1", "two words"];
        await cache.SetAsync("product:1", "old");

        await Assert.ThrowsAsync<ArgumentException>(() => cache.SetManyAsync(keys.Select(key => KeyValuePair.Create(key, "new"))));
        await Assert.ThrowsAsync<ArgumentException>(() => cache.RemoveManyAsync(keys));
        await Assert.ThrowsAsync<ArgumentException>(() => cache.GetManyAsync<string>(keys).AsTask());

        Assert.Equal("old", (await cache.GetAsync<string>("product:1")).Value);
    }

    // What the client of memcached refuses to send; the embedded one refuses it as memcached would.
    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task A_value_that_is_too_large_is_refused_and_a_factorys_reaches_its_caller(bool isEmbedded)
    {
        await using var server = FakeMemcached.Start();
        var options = new NearCacheOptions { KeyPrefix = "", Rules = { new RuleOptions { Name = "products", Match = "product:*" } } };
        if (!isEmbedded)
        {
            options.Memcached.Servers.Add(server.Address);
        }

        await using var cache = new NearCacheClient(options);
        var large = new string('x', (1 << 20) + 1);
        foreach (var key in new[] { "product:1", "basket:1" })
        {
            await Eventually.BecomesTrueAsync(
                async () =>
                    await cache.GetOrCreateAsync(key, _ => ValueTask.FromResult("small")) == "small"
                        && (await cache.GetAsync<string>(key)).HasValue,
                "it is connected");

            var e = await Assert.ThrowsAsync<NearCacheException>(() => cache.SetAsync(key, large));
            Assert.Equal((key, false, false), (e.Key, e.IsTransient, e.OutcomeUnknown));
            await Assert.ThrowsAsync<NearCacheException>(
                () => cache.SetManyAsync([KeyValuePair.Create(key, large), KeyValuePair.Create($"{key}0", "small")]));
            Assert.Equal("small", (await cache.GetAsync<string>($"{key}0")).Value);
            await cache.RemoveAsync(key);
            Assert.Equal(large, await cache.GetOrCreateAsync(key, _ => ValueTask.FromResult(large)));
            Assert.False((await cache.GetAsync<string>(key)).HasValue);

            // No caller holds a lease, so no caller has to wait for its end.
            Assert.Equal("small", await cache.GetOrCreateAsync(key, _ => ValueTask.FromResult("small")));
            Assert.Equal("small", (await cache.GetAsync<string>(key)).Value);
        }
    }

    [Fact]
    public async Task A_counter_lives_as_long_as_the_call_said_that_made_it()
    {
        var cache = _shelf.Make();
        Assert.Equal(3, await cache.IncrementAsync("views", 3, TimeSpan.FromSeconds(10)));
        _shelf.Time.Advance(TimeSpan.FromSeconds(6));
        Assert.Equal(4, await cache.IncrementAsync("views", 1, TimeSpan.FromSeconds(10)));
        _shelf.Time.Advance(TimeSpan.FromSeconds(6));
        Assert.Equal(1, await cache.IncrementAsync("views"));
        Assert.Equal(0, await cache.IncrementAsync("views", -5));
    }

    [Theory]
    [InlineData(Change.Set)]
    [InlineData(Change.Add)]
    [InlineData(Change.CompareAndSet)]
    [InlineData(Change.Touch)]
    [InlineData(Change.Remove)]
    [InlineData(Change.SetMany)]
    [InlineData(Change.RemoveMany)]
    public async Task Whatever_changes_a_key_ends_what_others_and_the_writer_have_near(Change change)
    {
        await using var fleet = await Fleet.StartAsync();
        await fleet.There.SetAsync(Fleet.Key, "old");
        await fleet.TurnUntilAsync(async () => await IsNearAsync(fleet.Here) && await IsNearAsync(fleet.There));

        await ChangeAsync(fleet.There, change);

        Assert.False(await IsNearAsync(fleet.There));
        var turned = await fleet.TurnUntilAsync(async () => !await IsNearAsync(fleet.Here));
        Assert.True(turned <= TimeSpan.FromSeconds(5), $"It was near for {turned} more.");
    }

    [Fact]
    public async Task Each_of_many_keys_that_are_read_at_once_has_a_token_of_its_own()
    {
        await using var fleet = await Fleet.StartAsync();
        string[] keys = ["product:1", "product:2"];
        await fleet.Here.SetManyAsync(keys.Select(key => KeyValuePair.Create(key, "old")));
        var hold = fleet.HereRemote.BreakAfter(NearCache.Memcached.Protocol.MetaCommandKind.Get, "product:2");
        var read = fleet.Here.GetManyAsync<string>(keys).AsTask();
        await hold.Reached;

        await fleet.Here.SetAsync("product:2", "new");
        hold.Release();
        Assert.All((await read).Values, result => Assert.Equal("old", result.Value));

        var after = await fleet.Here.GetManyAsync<string>(keys);
        Assert.Equal(("old", CacheSource.Near), (after["product:1"].Value, after["product:1"].Source));
        Assert.Equal(("new", CacheSource.Remote), (after["product:2"].Value, after["product:2"].Source));
    }

    private static async Task<bool> IsNearAsync(NearCacheClient cache) =>
        (await cache.GetAsync<string>(Fleet.Key)).Source == CacheSource.Near;

    private static async Task ChangeAsync(NearCacheClient cache, Change change)
    {
        switch (change)
        {
            case Change.Set:
                await cache.SetAsync(Fleet.Key, "new");
                break;
            case Change.Add:
                Assert.False(await cache.AddAsync(Fleet.Key, "new"));
                break;
            case Change.CompareAndSet:
                Assert.True(await cache.CompareAndSetAsync(Fleet.Key, "new", (await cache.GetAsync<string>(Fleet.Key)).Version));
                break;
            case Change.Touch:
                Assert.True(await cache.TouchAsync(Fleet.Key, TimeSpan.FromMinutes(1)));
                break;
            case Change.Remove:
                Assert.True(await cache.RemoveAsync(Fleet.Key));
                break;
            case Change.SetMany:
                await cache.SetManyAsync([KeyValuePair.Create(Fleet.Key, "new"), KeyValuePair.Create("product:2", "new")]);
                break;
            default:
                await cache.RemoveManyAsync([Fleet.Key, "product:2"]);
                break;
        }
    }
}
