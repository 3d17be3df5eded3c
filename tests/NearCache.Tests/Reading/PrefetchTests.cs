using System.Collections.Immutable;
using NearCache.Remote.Embedded;
using NearCache.Tests.Creating;
using NearCache.Tests.Sequences;
using NearCache.TestSupport;

namespace NearCache.Tests.Reading;

/// <summary>Prefetching: preload keys, and keys that were voided.</summary>
public sealed class PrefetchTests : IAsyncDisposable
{
    private readonly CacheFixture _shelf = new();

    public async ValueTask DisposeAsync() => await _shelf.DisposeAsync();

    [Fact]
    public async Task Listed_keys_are_near_before_the_first_read()
    {
        var writer = _shelf.Make();
        await writer.SetAsync("product:1", "one");
        await writer.SetAsync("product:2", new List<int> { 2 });
        await writer.SetAsync<string?>("product:3", null);
        var cache = _shelf.Make(options => options.Rules[0].Preload.Add("product:1", "product:2", "product:3", "product:4"));
        await WaitForAsync(cache, entries: 3);

        var texts = await cache.GetAsync<string>("product:1");
        var lists = await cache.GetAsync<List<int>>("product:2");
        var nothing = await cache.GetAsync<string?>("product:3");

        Assert.Equal(("one", CacheSource.Near), (texts.Value, texts.Source));
        Assert.Equal(CacheSource.Near, lists.Source);
        Assert.Equal([2], lists.Value!);
        Assert.Equal((true, null, CacheSource.Near), (nothing.HasValue, nothing.Value, nothing.Source));
        Assert.Same(texts.Value, (await cache.GetAsync<string>("product:1")).Value);
        Assert.NotSame(lists.Value, (await cache.GetAsync<List<int>>("product:2")).Value);
        Assert.False((await cache.GetAsync<string>("product:4")).HasValue);
    }

    [Fact]
    public async Task What_was_fetched_counts_by_what_its_first_read_makes_of_it()
    {
        const int count = 1000;
        var writer = _shelf.Make();
        await writer.SetAsync("product:1", ImmutableList.CreateRange(Enumerable.Range(0, count)));
        await writer.SetAsync("product:2", new string('x', count));
        var cache = _shelf.Make(options => options.Rules[0].Preload.Add("product:1", "product:2"));
        await WaitForAsync(cache, entries: 2);
        var fetched = cache.Snapshot().NearBytes;

        await cache.GetAsync<string>("product:2");
        Assert.Equal(fetched + count, cache.Snapshot().NearBytes);
        await cache.GetAsync<ImmutableList<int>>("product:1");
        Assert.InRange(cache.Snapshot().NearBytes, count * 48, 4 * count * 48);
    }

    [Fact]
    public async Task What_was_fetched_is_found_by_every_kind_of_read()
    {
        var writer = _shelf.Make();
        foreach (var key in new[] { "product:1", "product:2" })
        {
            await writer.SetAsync(key, key);
        }

        var cache = _shelf.Make(options => options.Rules[0].Preload.Add("product:1", "product:2"));
        await WaitForAsync(cache, entries: 2);

        Assert.Equal(CacheSource.Near, (await cache.GetOrCreateResultAsync("product:1", _ => ValueTask.FromResult("made"))).Source);
        Assert.All(
            await cache.GetManyAsync<string>(["product:1", "product:2"]),
            read => Assert.Equal((read.Key, CacheSource.Near), (read.Value.Value, read.Value.Source)));
    }

    [Fact]
    public async Task What_is_read_as_another_type_is_a_miss_as_ever()
    {
        await _shelf.Make().SetAsync("product:1", "one");
        var cache = _shelf.Make(options => options.Rules[0].Preload.Add("product:1"));
        await WaitForAsync(cache, entries: 1);

        Assert.False((await cache.GetAsync<int>("product:1")).HasValue);
        Assert.Equal("one", (await cache.GetAsync<string>("product:1")).Value);
    }

    [Fact]
    public async Task Listed_keys_are_fetched_when_their_server_comes_and_readiness_waits_for_them()
    {
        await _shelf.Make().SetAsync("product:1", "one");
        _shelf.IsAway = true;
        var cache = _shelf.Make(options => options.Rules[0].Preload.Add("product:1"));
        Assert.False(cache.Snapshot().IsWarm);

        _shelf.IsAway = false;
        await WaitForAsync(cache, entries: 1);

        Assert.Equal(CacheSource.Near, (await cache.GetAsync<string>("product:1")).Source);
        await Eventually.BecomesTrueAsync(
            () =>
            {
                _shelf.Time.Advance(TimeSpan.FromMilliseconds(50));
                return cache.Snapshot().IsWarm;
            },
            "it is warm");
    }

    [Fact]
    public async Task Listed_keys_of_a_rule_that_comes_into_force_are_near_before_the_first_read()
    {
        var cache = _shelf.Make();
        await cache.SetAsync("site:1", "one");

        await cache.Rules.AddAsync(
            new RuleOptions { Name = "site", Match = "site:*", Preload = { "site:1" } }, new EditReason { Who = "Alice", Why = "a test" });
        await WaitForAsync(cache, entries: 1);

        Assert.Equal(CacheSource.Near, (await cache.GetAsync<string>("site:1")).Source);
    }

    [Fact]
    public async Task A_listed_text_that_cannot_be_a_key_does_not_keep_the_others_from_being_fetched()
    {
        var cache = _shelf.Make();
        await cache.SetAsync("site:1", "one");

        await cache.Rules.AddAsync(
            new RuleOptions { Name = "site", Match = "site:*", Preload = { "site:two words", "site:" + new string('x', 300), "site:1" } },
            new EditReason { Who = "Alice", Why = "a test" });
        await WaitForAsync(cache, entries: 1);

        Assert.Equal(CacheSource.Near, (await cache.GetAsync<string>("site:1")).Source);
    }

    [Fact]
    public async Task Readiness_waits_no_longer_than_set_for_keys_that_may_not_be_near_yet()
    {
        // Everybody waits for a lease on a server that is new.
        var server = new EmbeddedServer(_shelf.Time);
        var options = new NearCacheOptions
        {
            WarmUp = TimeSpan.FromSeconds(2),
            RuleLease = TimeSpan.FromMinutes(5),
            Rules = { new RuleOptions { Name = "products", Match = "product:*", Preload = { "product:1" } } },
        };
        await using var cache = new NearCacheClient(options, new SharedRemote(server), timeProvider: _shelf.Time);
        await cache.SetAsync("product:1", "one");

        var turned = TimeSpan.Zero;
        await Eventually.BecomesTrueAsync(
            () =>
            {
                _shelf.Time.Advance(TimeSpan.FromMilliseconds(50));
                turned += TimeSpan.FromMilliseconds(50);
                return cache.Snapshot().IsWarm;
            },
            "it is warm");

        Assert.True(turned >= TimeSpan.FromSeconds(2), $"It did not wait: {turned}");
        Assert.Equal(0, cache.Snapshot().NearEntries);
    }

    [Fact]
    public async Task What_was_voided_at_once_is_not_fetched_again_at_once()
    {
        var cache = _shelf.Make(options => options.Rules[0].OnInvalidate = InvalidationPolicy.Refresh);
        var items = Enumerable.Range(0, 200).Select(i => KeyValuePair.Create($"product:{i}", "value")).ToArray();
        await cache.SetManyAsync(items);
        await cache.GetManyAsync<string>(items.Select(item => item.Key));
        Assert.Equal(200, cache.Snapshot().NearEntries);
        await cache.SetManyAsync(items);
        Assert.Equal(0, cache.Snapshot().NearEntries);

        // Each has its turn at random within a second: half of them, give or take what chance does not.
        _shelf.Time.Advance(TimeSpan.FromMilliseconds(500));
        await Eventually.BecomesTrueAsync(() => cache.Snapshot().NearEntries >= 50, "the first are fetched");
        Assert.InRange(cache.Snapshot().NearEntries, 50, 150);
        await WaitForAsync(cache, entries: 200);
    }

    [Theory]
    [InlineData(InvalidationPolicy.Refresh, CacheSource.Near)]
    [InlineData(InvalidationPolicy.Drop, CacheSource.Remote)]
    public async Task What_is_written_elsewhere_is_fetched_again_where_the_rule_says_so(InvalidationPolicy policy, CacheSource expected)
    {
        await using var fleet = await Fleet.StartAsync(options => options.Rules[0].OnInvalidate = policy);
        await fleet.There.SetAsync(Fleet.Key, "old");
        await fleet.TurnUntilAsync(async () => await ReadAsync(fleet) == ("old", CacheSource.Near));

        var old = fleet.Here.Parts.Near.Find(Fleet.Key);
        await fleet.There.SetAsync(Fleet.Key, "new");
        await fleet.TurnUntilAsync(() => Task.FromResult(fleet.Here.Parts.Near.Find(Fleet.Key) != old));
        if (expected == CacheSource.Near)
        {
            await fleet.TurnUntilAsync(() => Task.FromResult(fleet.Here.Parts.Near.Find(Fleet.Key) is not null));
        }
        else
        {
            await fleet.TurnAsync(TimeSpan.FromSeconds(2));
        }

        Assert.Equal(("new", expected), await ReadAsync(fleet));
    }

    [Fact]
    public async Task What_this_process_writes_is_fetched_again_too_and_what_it_removes_is_not_there()
    {
        var cache = _shelf.Make(options => options.Rules[0].OnInvalidate = InvalidationPolicy.Refresh);
        await cache.SetAsync("product:1", "old");
        await cache.GetAsync<string>("product:1");

        await cache.SetAsync("product:1", "new");
        await WaitForAsync(cache, entries: 1);
        var read = await cache.GetAsync<string>("product:1");
        Assert.Equal(("new", CacheSource.Near), (read.Value, read.Source));

        await cache.RemoveAsync("product:1");
        for (var turns = 0; turns < 50; turns++)
        {
            _shelf.Time.Advance(TimeSpan.FromMilliseconds(50));
            await Task.Yield();
        }

        Assert.Equal(0, cache.Snapshot().NearEntries);
    }

    private static async Task<(string? Value, CacheSource Source)> ReadAsync(Fleet fleet)
    {
        var read = await fleet.Here.GetAsync<string>(Fleet.Key);
        return (read.Value, read.Source);
    }

    private async Task WaitForAsync(NearCacheClient cache, int entries) => await Eventually.BecomesTrueAsync(
        () =>
        {
            _shelf.Time.Advance(TimeSpan.FromMilliseconds(50));
            return cache.Snapshot().NearEntries == entries;
        },
        $"{entries} entries are near");
}

/// <summary>Adds several at once.</summary>
internal static class Lists
{
    public static void Add<T>(this IList<T> list, params ReadOnlySpan<T> items)
    {
        foreach (var item in items)
        {
            list.Add(item);
        }
    }
}
