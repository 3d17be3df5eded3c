using NearCache.Creating;
using NearCache.TestSupport;

namespace NearCache.Tests.Creating;

/// <summary>A value is fetched again in the background before it ends, by one process of the fleet, while the old one is served.</summary>
public sealed class EagerRefreshTests : IAsyncDisposable
{
    private static readonly CacheEntryOptions Eager = new() { Lifetime = TimeSpan.FromSeconds(100), EagerRefresh = 0.5 };
    private readonly CacheFixture _shelf = new();
    private readonly FakeSource _source = new();

    public async ValueTask DisposeAsync() => await _shelf.DisposeAsync();

    [Theory]
    [InlineData(CacheFixture.Key)]
    [InlineData(CacheFixture.Unmatched)]
    public async Task One_of_all_processes_refreshes_while_all_serve_the_old_value(string key)
    {
        var caches = new[] { _shelf.Make(), _shelf.Make() };
        await BeginAsync(caches, key, "old");
        _source.Holds();
        _shelf.Time.Advance(TimeSpan.FromSeconds(55));

        for (var i = 0; i < 3; i++)
        {
            foreach (var cache in caches)
            {
                Assert.Equal("old", await cache.GetOrCreateAsync(key, _source.AskAsync, Eager));
            }
        }

        await Eventually.BecomesTrueAsync(() => _source.Held == 1, "the source is asked");
        Assert.Equal(2, _source.Runs);
        _source.Answer("new");
        await Eventually.BecomesTrueAsync(async () => (await _shelf.ItemAsync(key)).TimeToLive > 90, "the new value is stored");
        await Eventually.BecomesTrueAsync(async () => (await ReadAsync(caches, key)).Contains("new"), "one of them serves it");
        _shelf.Time.Advance(TimeSpan.FromSeconds(46));
        Assert.All(await ReadAsync(caches, key), value => Assert.Equal("new", value));
        Assert.Equal(2, _source.Runs);
    }

    [Theory]
    [InlineData("")]
    [InlineData(null)]
    public async Task An_empty_value_that_is_refreshed_is_served_as_the_value_it_is(string? value)
    {
        var cache = _shelf.Make();
        await BeginAsync([cache], CacheFixture.Unmatched, value);
        _source.Holds();
        _shelf.Time.Advance(TimeSpan.FromSeconds(55));

        Assert.Equal(value, await cache.GetOrCreateAsync(CacheFixture.Unmatched, _source.AskAsync, Eager));
        var read = await cache.GetAsync<string?>(CacheFixture.Unmatched);

        Assert.Equal((true, value), (read.HasValue, read.Value));
        await Eventually.BecomesTrueAsync(() => _source.Held == 1, "the source is asked");
        _source.Answer("new");
    }

    [Theory]
    [InlineData(CacheFixture.Key)]
    [InlineData(CacheFixture.Unmatched)]
    public async Task A_short_lifetime_is_refreshed_within_its_part_and_not_whole_seconds_later(string key)
    {
        var cache = _shelf.Make();
        var options = new CacheEntryOptions { Lifetime = TimeSpan.FromSeconds(3), EagerRefresh = 0.3 };
        _source.Says("old");
        await cache.GetOrCreateAsync(key, _source.AskAsync, options);
        var began = _shelf.Time.GetTimestamp();
        _source.Holds();

        await Eventually.BecomesTrueAsync(
            async () =>
            {
                _shelf.Time.Advance(TimeSpan.FromMilliseconds(50));
                Assert.Equal("old", await cache.GetOrCreateAsync(key, _source.AskAsync, options));
                await PoolTurns.PassAsync();
                return _source.Held == 1 || _shelf.Time.GetElapsedTime(began) > TimeSpan.FromSeconds(1.5);
            },
            "the refresh begins");

        Assert.Equal(1, _source.Held);
    }

    [Fact]
    public async Task A_refresh_does_not_replace_what_was_written_meanwhile()
    {
        var cache = _shelf.Make();
        await BeginAsync([cache], CacheFixture.Key, "old");
        _source.Holds();
        _shelf.Time.Advance(TimeSpan.FromSeconds(55));
        await cache.GetOrCreateAsync(CacheFixture.Key, _source.AskAsync, Eager);
        await Eventually.BecomesTrueAsync(() => _source.Held == 1, "the source is asked");

        await cache.SetAsync(CacheFixture.Key, "written");
        _source.Answer("refreshed");

        for (var i = 0; i < 20; i++)
        {
            Assert.Equal("written", await cache.GetOrCreateAsync(CacheFixture.Key, _source.AskAsync, Eager));
            await Task.Yield();
        }
    }

    [Theory]
    [InlineData(CacheFixture.Key)]
    [InlineData(CacheFixture.Unmatched)]
    public async Task A_call_that_finds_the_value_gone_asks_the_source_itself_while_a_refresh_is_under_way(string key)
    {
        var cache = _shelf.Make();
        await BeginAsync([cache], key, "old");
        _source.Holds();
        _shelf.Time.Advance(TimeSpan.FromSeconds(55));
        await cache.GetOrCreateAsync(key, _source.AskAsync, Eager);
        await Eventually.BecomesTrueAsync(() => _source.Held == 1, "the source is asked");
        _shelf.Time.Advance(TimeSpan.FromSeconds(50));

        _source.Says("new");

        Assert.Equal("new", await cache.GetOrCreateAsync(key, _source.AskAsync, Eager));
        _source.Answer("of the refresh");
        Assert.Equal("new", await cache.GetOrCreateAsync(key, _source.AskAsync, Eager));
        Assert.Equal(3, _source.Runs);
    }

    // A refresh half way of an unlimited lifetime is after more seconds than memcached can count.
    [Fact]
    public async Task A_value_without_an_end_may_have_a_refresh()
    {
        var options = new CacheEntryOptions { Lifetime = TimeSpan.MaxValue, EagerRefresh = 0.5 };
        Assert.Equal(int.MaxValue, FillPolicy.Of(options, new NearCacheOptions()).RefreshBefore);

        var cache = _shelf.Make();
        await cache.GetOrCreateAsync(CacheFixture.Key, _ => ValueTask.FromResult("a value"), options);
        _shelf.Time.Advance(TimeSpan.FromDays(1));
        Assert.Equal("a value", await cache.GetOrCreateAsync<string>(
            CacheFixture.Key, _ => throw new InvalidOperationException("It is there."), options));
    }

    [Fact]
    public async Task A_refresh_that_fails_leaves_the_value_until_it_ends()
    {
        var cache = _shelf.Make();
        await BeginAsync([cache], CacheFixture.Key, "old");
        _source.Fails(new InvalidOperationException("down"));
        _shelf.Time.Advance(TimeSpan.FromSeconds(55));

        Assert.Equal("old", await cache.GetOrCreateAsync(CacheFixture.Key, _source.AskAsync, Eager));
        await Eventually.BecomesTrueAsync(() => _source.Runs == 2, "the source is asked");
        _shelf.Time.Advance(TimeSpan.FromSeconds(20));
        Assert.Equal("old", await cache.GetOrCreateAsync(CacheFixture.Key, _source.AskAsync, Eager));
        Assert.Equal(2, _source.Runs);
    }

    private async Task BeginAsync(NearCacheClient[] caches, string key, string? value)
    {
        _source.Says(value);
        foreach (var cache in caches)
        {
            Assert.Equal(value, await cache.GetOrCreateAsync(key, _source.AskAsync, Eager));
        }

        Assert.Equal(1, _source.Runs);
    }

    private async Task<string?[]> ReadAsync(NearCacheClient[] caches, string key) =>
        await Task.WhenAll(caches.Select(cache => cache.GetOrCreateAsync(key, _source.AskAsync, Eager).AsTask()));
}
