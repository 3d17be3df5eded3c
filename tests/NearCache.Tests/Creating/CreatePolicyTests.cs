using NearCache.TestSupport;

namespace NearCache.Tests.Creating;

/// <summary>How often a source is asked, by how many at once, and how long its answer is kept.</summary>
public sealed class CreatePolicyTests : IAsyncDisposable
{
    private readonly CacheFixture _shelf = new();
    private readonly FakeSource _source = new();

    public async ValueTask DisposeAsync() => await _shelf.DisposeAsync();

    [Fact]
    public async Task What_the_source_does_not_have_is_kept_as_long_as_the_rule_says()
    {
        var cache = _shelf.Make(options => options.Rules[0].MissLifetime = TimeSpan.FromSeconds(5));
        _source.Says(null);

        Assert.Null(await cache.GetOrCreateAsync(CacheFixture.Key, _source.AskAsync));
        Assert.Null(await cache.GetOrCreateAsync(CacheFixture.Key, _source.AskAsync));
        Assert.Equal(1, _source.Runs);
        Assert.True((await cache.GetAsync<string>(CacheFixture.Key)).HasValue);

        _shelf.Time.Advance(TimeSpan.FromSeconds(6));
        await cache.GetOrCreateAsync(CacheFixture.Key, _source.AskAsync);
        Assert.Equal(2, _source.Runs);
    }

    [Fact]
    public async Task What_the_source_does_not_have_may_be_kept_nowhere_and_nobody_waits_for_it()
    {
        var cache = _shelf.Make(options => options.Rules[0].MissLifetime = TimeSpan.Zero);
        _source.Says(null);

        for (var runs = 1; runs <= 3; runs++)
        {
            Assert.Null(await cache.GetOrCreateAsync(CacheFixture.Key, _source.AskAsync));
            Assert.Equal(runs, _source.Runs);
        }

        Assert.Equal(NearCache.Memcached.Protocol.MetaStatus.Miss, (await _shelf.ItemAsync(CacheFixture.Key)).Status);
    }

    // A timer measures 49 days at most.
    [Fact]
    public async Task A_time_limit_that_no_timer_can_measure_is_none()
    {
        var cache = _shelf.Make(options => options.FactoryTimeout = TimeSpan.FromSeconds(5));
        foreach (var endless in new[] { TimeSpan.MaxValue, TimeSpan.FromDays(50) })
        {
            var options = new CacheEntryOptions
            {
                FactoryTimeout = endless,
                FactorySoftTimeout = endless,
                StaleLifetime = TimeSpan.FromDays(1),
            };
            var finish = new TaskCompletionSource<string>();
            var key = $"{CacheFixture.Key}{endless.Days}";
            var call = cache.GetOrCreateAsync(key, async _ => await finish.Task, options).AsTask();
            _shelf.Time.Advance(TimeSpan.FromMinutes(1));
            Assert.False(call.IsCompleted);
            finish.SetResult("a value");
            Assert.Equal("a value", await call);

            await using var real = new NearCacheClient(new NearCacheOptions());
            Assert.Equal(1, await real.GetOrCreateAsync("product:1", _ => ValueTask.FromResult(1), options));
        }
    }

    [Fact]
    public async Task A_call_says_for_itself_how_long_a_null_is_kept()
    {
        var cache = _shelf.Make(options => options.Rules[0].MissLifetime = TimeSpan.Zero);
        _source.Says(null);

        await cache.GetOrCreateAsync(CacheFixture.Key, _source.AskAsync, new CacheEntryOptions { MissLifetime = TimeSpan.FromSeconds(30) });

        Assert.Equal(30, (await _shelf.ItemAsync(CacheFixture.Key)).TimeToLive);
    }

    [Fact]
    public async Task What_is_stored_together_does_not_end_together()
    {
        var cache = _shelf.Make(options => options.LifetimeJitter = 0.5);
        _source.Says("made");
        var lives = new List<int>();
        for (var i = 0; i < 100; i++)
        {
            await cache.GetOrCreateAsync($"product:{i}", _source.AskAsync, new CacheEntryOptions { Lifetime = TimeSpan.FromSeconds(1000) });
            lives.Add((await _shelf.ItemAsync($"product:{i}")).TimeToLive);
        }

        Assert.All(lives, life => Assert.InRange(life, 500, 1000));
        Assert.True(lives.Distinct().Count() > 20);
    }

    [Fact]
    public async Task No_more_factories_run_at_once_than_the_bound()
    {
        var cache = _shelf.Make(options => options.MaxConcurrentFactories = 3);
        _source.Holds();
        var calls = Enumerable.Range(0, 20).Select(i => cache.GetOrCreateAsync($"product:{i}", _source.AskAsync).AsTask()).ToArray();

        for (var answered = 0; answered < calls.Length; answered++)
        {
            var expected = Math.Min(3, calls.Length - answered);
            await Eventually.BecomesTrueAsync(() => _source.Held == expected, $"{expected} are asked");
            Assert.Equal(answered + expected, _source.Runs);
            _source.Answer("made");
        }

        Assert.All(await Task.WhenAll(calls), value => Assert.Equal("made", value));
    }

    [Theory]
    [InlineData(1)]
    [InlineData(3)]
    public async Task Factories_that_ask_the_cache_themselves_do_not_wait_for_one_another_for_ever(int bound)
    {
        var cache = _shelf.Make(options => options.MaxConcurrentFactories = bound);
        var (inside, most) = (0, 0);

        // Every level asks the two below it, so that places are wanted by all at once.
        var calls = Enumerable.Range(0, 20).Select(i => LevelAsync(i, 3)).ToArray();

        Assert.All(await Task.WhenAll(calls).WaitAsync(TimeSpan.FromMinutes(1), TimeProvider.System), sum => Assert.Equal(15, sum));
        Assert.InRange(most, 1, bound);

        async Task<int> LevelAsync(int number, int level) => await cache.GetOrCreateAsync(
            $"product:{level}-{number}",
            async _ =>
            {
                await AskAsync();
                if (level == 0)
                {
                    return 1;
                }

                var below = await Task.WhenAll(LevelAsync(number, level - 1), LevelAsync((number + 1) % 20, level - 1));
                await AskAsync();
                return 1 + below.Sum();
            });

        async Task AskAsync()
        {
            var now = Interlocked.Increment(ref inside);
            for (var before = most; now > before && Interlocked.CompareExchange(ref most, now, before) != before; before = most)
            {
            }

            await Task.Yield();
            Interlocked.Decrement(ref inside);
        }
    }

    [Fact]
    public async Task A_factory_that_is_cancelled_while_it_waits_for_another_gives_its_place_back_once()
    {
        var cache = _shelf.Make(options => options.MaxConcurrentFactories = 1);
        _source.Holds();
        using var leaving = new CancellationTokenSource();
        var outer = cache.GetOrCreateAsync(
            "product:outer",
            async token => await cache.GetOrCreateAsync("product:inner", _source.AskAsync, cancellationToken: token),
            cancellationToken: leaving.Token).AsTask();
        await Eventually.BecomesTrueAsync(() => _source.Held == 1, "the inner one runs");
        var next = cache.GetOrCreateAsync("product:next", _source.AskAsync).AsTask();

        await leaving.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => outer);
        _source.Answer("late");
        await Eventually.BecomesTrueAsync(() => _source.Runs == 2 && _source.Held == 1, "the next one runs");
        var last = cache.GetOrCreateAsync("product:last", _source.AskAsync).AsTask();
        Assert.Equal(2, _source.Runs);
        _source.Answer("next");
        await Eventually.BecomesTrueAsync(() => _source.Runs == 3 && _source.Held == 1, "the last one runs");
        _source.Answer("last");

        Assert.Equal(("next", "last"), (await next, await last));
    }

    [Fact]
    public async Task The_factory_is_cancelled_when_the_last_caller_leaves_and_not_before()
    {
        var cache = _shelf.Make();
        _source.Holds();
        using var first = new CancellationTokenSource();
        using var second = new CancellationTokenSource();
        var calls = new[] { first, second }.Select(
            leaving => cache.GetOrCreateAsync(CacheFixture.Key, _source.AskAsync, cancellationToken: leaving.Token).AsTask()).ToArray();
        await Eventually.BecomesTrueAsync(() => _source.Held == 1, "the source is asked");

        await first.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => calls[0]);
        Assert.False(_source.Token.IsCancellationRequested);

        await second.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => calls[1]);
        await Eventually.BecomesTrueAsync(() => _source.Token.IsCancellationRequested, "the factory is cancelled");
    }
}
