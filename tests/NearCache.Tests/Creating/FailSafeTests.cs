using NearCache.TestSupport;

namespace NearCache.Tests.Creating;

/// <summary>What a caller gets when the source, or memcached, fails or is slow.</summary>
public sealed class FailSafeTests : IAsyncDisposable
{
    private static readonly CacheEntryOptions Safe = new()
    {
        Lifetime = TimeSpan.FromSeconds(10),
        StaleLifetime = TimeSpan.FromMinutes(5),
        FactorySoftTimeout = TimeSpan.FromSeconds(1),
        FactoryTimeout = TimeSpan.FromSeconds(20),
    };

    private readonly CacheFixture _shelf = new();
    private readonly FakeSource _source = new();

    public async ValueTask DisposeAsync() => await _shelf.DisposeAsync();

    [Theory]
    [InlineData(CacheFixture.Key)]
    [InlineData(CacheFixture.Unmatched)]
    public async Task A_failing_source_is_replaced_by_the_last_value_which_says_that_it_is_stale(string key)
    {
        var cache = _shelf.Make();
        _source.Says("old");
        await cache.GetOrCreateAsync(key, _source.AskAsync, Safe);
        _shelf.Time.Advance(TimeSpan.FromSeconds(12));
        _source.Fails(new InvalidOperationException("down"));

        var result = await cache.GetOrCreateResultAsync(key, _source.AskAsync, Safe);

        Assert.Equal(("old", CacheSource.Stale, true), (result.Value, result.Source, result.IsStale));
        Assert.Equal(TimeSpan.FromSeconds(12), result.Age);
    }

    [Theory]
    [InlineData(CacheFixture.Key)]
    [InlineData(CacheFixture.Unmatched)]
    public async Task A_value_that_was_only_written_counts_too_and_a_later_write_takes_its_place(string key)
    {
        var cache = _shelf.Make();
        await cache.SetAsync(key, "older", Safe);
        await cache.SetAsync(key, "written", Safe);
        _shelf.Time.Advance(TimeSpan.FromSeconds(12));
        _source.Fails(new InvalidOperationException("down"));

        var result = await cache.GetOrCreateResultAsync(key, _source.AskAsync, Safe);

        Assert.Equal(("written", CacheSource.Stale), Of(result));
    }

    [Fact]
    public async Task A_stale_value_stays_as_it_was_when_the_caller_reuses_its_memory()
    {
        var cache = _shelf.Make();
        byte[] pooled = [1, 2, 3];
        await cache.SetAsync<ReadOnlyMemory<byte>>(CacheFixture.Key, pooled, Safe);
        pooled.AsSpan().Fill(9);
        _shelf.Time.Advance(TimeSpan.FromSeconds(12));

        var result = await cache.GetOrCreateResultAsync<ReadOnlyMemory<byte>>(
            CacheFixture.Key, _ => throw new InvalidOperationException("down"), Safe);

        Assert.Equal(CacheSource.Stale, result.Source);
        Assert.Equal([1, 2, 3], result.Value.ToArray());
    }

    [Fact]
    public async Task What_the_face_of_IDistributedCache_wrote_is_known_while_memcached_is_away()
    {
        var cache = _shelf.Make(options =>
        {
            options.OnRemoteFailure = RemoteFailurePolicy.ServeStale;
            options.StaleLifetime = TimeSpan.FromMinutes(5);
        });
        var adapter = new NearDistributedCache(cache);
        byte[] bytes = [1, 2, 3];
        await adapter.SetAsync("key", bytes, new());
        bytes[0] = 9;
        _shelf.IsAway = true;

        Assert.Equal([1, 2, 3], await adapter.GetAsync("key"));
    }

    [Fact]
    public async Task Without_the_option_the_caller_sees_the_failure_of_the_source()
    {
        var cache = _shelf.Make();
        var options = new CacheEntryOptions { Lifetime = TimeSpan.FromSeconds(10) };
        _source.Says("old");
        await cache.GetOrCreateAsync(CacheFixture.Key, _source.AskAsync, options);
        _shelf.Time.Advance(TimeSpan.FromSeconds(12));
        _source.Fails(new InvalidOperationException("down"));

        await Assert.ThrowsAsync<InvalidOperationException>(
            async () => await cache.GetOrCreateAsync(CacheFixture.Key, _source.AskAsync, options));
    }

    [Fact]
    public async Task A_value_that_is_too_old_is_not_served()
    {
        var cache = _shelf.Make();
        _source.Says("old");
        await cache.GetOrCreateAsync(CacheFixture.Key, _source.AskAsync, Safe);
        _shelf.Time.Advance(TimeSpan.FromMinutes(5.1));
        _source.Fails(new InvalidOperationException("down"));

        await Assert.ThrowsAsync<InvalidOperationException>(
            async () => await cache.GetOrCreateAsync(CacheFixture.Key, _source.AskAsync, Safe));
    }

    [Theory]
    [InlineData(CacheFixture.Key)]
    [InlineData(CacheFixture.Unmatched)]
    public async Task A_value_that_was_removed_is_not_served(string key)
    {
        var cache = _shelf.Make();
        _source.Says("old");
        await cache.GetOrCreateAsync(key, _source.AskAsync, Safe);
        await cache.RemoveAsync(key);
        _source.Fails(new InvalidOperationException("down"));

        await Assert.ThrowsAsync<InvalidOperationException>(async () => await cache.GetOrCreateAsync(key, _source.AskAsync, Safe));
    }

    [Fact]
    public async Task A_failing_source_is_asked_again_only_after_a_while()
    {
        var cache = _shelf.Make();
        _source.Says("old");
        await cache.GetOrCreateAsync(CacheFixture.Key, _source.AskAsync, Safe);
        _shelf.Time.Advance(TimeSpan.FromSeconds(12));
        _source.Fails(new InvalidOperationException("down"));

        for (var i = 0; i < 10; i++)
        {
            Assert.True((await cache.GetOrCreateResultAsync(CacheFixture.Key, _source.AskAsync, Safe)).IsStale);
        }

        Assert.Equal(2, _source.Runs);
        await Eventually.BecomesTrueAsync(
            async () =>
            {
                _shelf.Time.Advance(TimeSpan.FromSeconds(1));
                await cache.GetOrCreateResultAsync(CacheFixture.Key, _source.AskAsync, Safe);
                return _source.Runs == 3;
            },
            "it is asked again");
    }

    [Fact]
    public async Task A_slow_source_is_not_waited_for_and_what_it_brings_is_stored()
    {
        var cache = _shelf.Make();
        _source.Says("old");
        await cache.GetOrCreateAsync(CacheFixture.Key, _source.AskAsync, Safe);
        _shelf.Time.Advance(TimeSpan.FromSeconds(12));
        _source.Holds();
        var call = cache.GetOrCreateResultAsync(CacheFixture.Key, _source.AskAsync, Safe).AsTask();
        await Eventually.BecomesTrueAsync(() => _source.Held == 1, "the source is asked");
        Assert.False(call.IsCompleted);

        await AdvanceUntilAsync(() => call.IsCompleted);

        Assert.True((await call).IsStale);
        Assert.False(_source.Token.IsCancellationRequested);
        // at once: the flight is long under way
        Assert.True((await cache.GetOrCreateResultAsync(CacheFixture.Key, _source.AskAsync, Safe)).IsStale);
        _source.Answer("new");
        await Eventually.BecomesTrueAsync(
            async () => (await cache.GetAsync<string>(CacheFixture.Key)).Value == "new", "the new value is stored");
        Assert.Equal(2, _source.Runs);
    }

    [Fact]
    public async Task A_source_that_never_answers_is_given_up()
    {
        var cache = _shelf.Make(options => options.MaxConcurrentFactories = 1);
        _source.Holds();
        var call = cache.GetOrCreateAsync(CacheFixture.Key, _source.AskAsync, Safe).AsTask();
        await Eventually.BecomesTrueAsync(() => _source.Held == 1, "the source is asked");

        await AdvanceUntilAsync(() => call.IsCompleted);

        var e = await Assert.ThrowsAsync<FactoryTimeoutException>(() => call);
        Assert.True(e.IsTransient);
        Assert.True(_source.Token.IsCancellationRequested);

        // It holds its place until it ends: the source never sees more than the bound.
        var next = cache.GetOrCreateAsync("product:2", _source.AskAsync, Safe).AsTask();
        Assert.Equal(1, _source.Runs);
        _source.Answer("late");
        await Eventually.BecomesTrueAsync(() => _source.Held == 1, "the next is asked");
        _source.Answer("second");
        Assert.Equal("second", await next);
    }

    [Fact]
    public async Task Without_memcached_reads_are_answered_by_the_last_value_where_that_is_the_policy()
    {
        var cache = _shelf.Make(options =>
        {
            options.OnRemoteFailure = RemoteFailurePolicy.ServeStale;
            options.StaleLifetime = TimeSpan.FromMinutes(5);
        });
        await cache.SetAsync(CacheFixture.Unmatched, "old");
        await cache.GetAsync<string>(CacheFixture.Unmatched);
        _shelf.IsAway = true;

        Assert.Equal(("old", CacheSource.Stale), Of(await cache.GetAsync<string>(CacheFixture.Unmatched)));
        Assert.Equal(
            ("old", CacheSource.Stale),
            Of((await cache.GetManyAsync<string>([CacheFixture.Unmatched, "basket:2"]))[CacheFixture.Unmatched]));
        Assert.Equal(("old", CacheSource.Stale), Of(await cache.GetOrCreateResultAsync(CacheFixture.Unmatched, _source.AskAsync)));
        Assert.False((await cache.GetAsync<string>("basket:2")).HasValue);
        Assert.Equal(0, _source.Runs);
        _shelf.Time.Advance(TimeSpan.FromMinutes(6));
        Assert.False((await cache.GetAsync<string>(CacheFixture.Unmatched)).HasValue);
    }

    [Fact]
    public async Task A_write_that_failed_leaves_no_stale_value()
    {
        var cache = _shelf.Make(options =>
        {
            options.OnRemoteFailure = RemoteFailurePolicy.ServeStale;
            options.StaleLifetime = TimeSpan.FromMinutes(5);
        });
        await cache.SetAsync(CacheFixture.Unmatched, "old");
        await cache.GetAsync<string>(CacheFixture.Unmatched);
        _shelf.IsAway = true;

        await Assert.ThrowsAsync<NearCacheException>(() => cache.SetAsync(CacheFixture.Unmatched, "new"));

        Assert.False((await cache.GetAsync<string>(CacheFixture.Unmatched)).HasValue);
    }

    private static (string? Value, CacheSource Source) Of<T>(CacheResult<T> result) => (result.Value as string, result.Source);

    private async Task AdvanceUntilAsync(Func<bool> condition) => await Eventually.BecomesTrueAsync(
        () =>
        {
            _shelf.Time.Advance(TimeSpan.FromMilliseconds(200));
            return condition();
        },
        "it ends");
}
