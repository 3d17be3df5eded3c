using Microsoft.Extensions.Caching.Hybrid;
using NearCache.Flights;
using NearCache.Tests.Adapters.Hybrid;
using NearCache.Tests.Creating;

namespace NearCache.Tests.Flights;

/// <summary>Who shares a run of a factory, what its callers see of its failure, and what cannot wait for itself.</summary>
public sealed class SharedFlightTests : IAsyncDisposable
{
    private readonly CacheFixture _shelf = new();
    private readonly HybridFixture _world = HybridFixture.Start();

    public async ValueTask DisposeAsync()
    {
        await _shelf.DisposeAsync();
        await _world.DisposeAsync();
    }

    [Theory]
    [InlineData(CacheFixture.Key)]
    [InlineData(CacheFixture.Unmatched)]
    public async Task Every_caller_sees_the_factorys_own_exception_also_one_that_says_that_something_was_cancelled(string key)
    {
        var cache = _shelf.Make();
        var failure = new TaskCanceledException(
            "The request was canceled due to the configured HttpClient.Timeout of 100 seconds elapsing.",
            new TimeoutException("A task was canceled."));
        var source = new TaskCompletionSource<string>();
        var callers = new List<Task>();
        for (var i = 0; i < 3; i++)
        {
            callers.Add(cache.GetOrCreateAsync(key, async _ => await source.Task).AsTask());
            callers.Add(
                cache.GetOrCreateResultAsync(
                    key, async _ => await source.Task, new CacheEntryOptions { FactoryTimeout = TimeSpan.FromHours(1) }).AsTask());
            callers.Add(_world.Cache.GetOrCreateAsync("key", async _ => await source.Task).AsTask());
            callers.Add(
                _world.Cache.GetOrCreateAsync(
                    "local",
                    async _ => await source.Task,
                    new HybridCacheEntryOptions { Flags = HybridCacheEntryFlags.DisableDistributedCache }).AsTask());
        }

        source.SetException(failure);

        foreach (var caller in callers)
        {
            var seen = await Assert.ThrowsAsync<TaskCanceledException>(() => caller);
            Assert.Equal(failure.Message, seen.Message);
            Assert.IsType<TimeoutException>(seen.InnerException);
        }
    }

    [Fact]
    public async Task A_callers_own_token_ends_its_wait_and_bears_its_name()
    {
        var cache = _shelf.Make();
        using var leaving = new CancellationTokenSource();
        var source = new TaskCompletionSource<string>();
        var call = cache.GetOrCreateAsync(CacheFixture.Unmatched, async _ => await source.Task, cancellationToken: leaving.Token).AsTask();

        await leaving.CancelAsync();

        Assert.Equal(leaving.Token, (await Assert.ThrowsAnyAsync<OperationCanceledException>(() => call)).CancellationToken);
        source.SetResult("late");
    }

    [Theory]
    [InlineData(CacheFixture.Key)]
    [InlineData(CacheFixture.Unmatched)]
    public async Task Callers_of_two_types_for_one_key_get_what_their_own_factories_say(string key)
    {
        var cache = _shelf.Make();
        var (five, began) = (new TaskCompletionSource<int>(), new TaskCompletionSource());
        var number = cache.GetOrCreateAsync(
            key,
            async _ =>
            {
                began.SetResult();
                return await five.Task;
            }).AsTask();
        await began.Task;

        var word = await cache.GetOrCreateAsync(key, _ => ValueTask.FromResult("five"));
        five.SetResult(5);

        Assert.Equal((5, "five"), (await number, word));
    }

    [Theory]
    [InlineData(HybridCacheEntryFlags.None)]
    [InlineData(HybridCacheEntryFlags.DisableLocalCache)]
    [InlineData(HybridCacheEntryFlags.DisableDistributedCache)]
    public async Task Callers_of_two_types_for_one_hybrid_key_get_what_their_own_factories_say(HybridCacheEntryFlags flags)
    {
        var options = new HybridCacheEntryOptions { Flags = flags };
        var (five, began) = (new TaskCompletionSource<int>(), new TaskCompletionSource());
        var number = _world.Cache.GetOrCreateAsync(
            "key",
            async _ =>
            {
                began.SetResult();
                return await five.Task;
            },
            options).AsTask();
        await began.Task;

        var word = await _world.Cache.GetOrCreateAsync("key", _ => ValueTask.FromResult("five"), options);
        five.SetResult(5);

        Assert.Equal((5, "five"), (await number, word));
    }

    [Fact]
    public async Task A_factory_that_asks_for_its_own_key_is_told_why_that_cannot_be()
    {
        var cache = _shelf.Make();
        foreach (var key in new[] { CacheFixture.Key, CacheFixture.Unmatched })
        {
            var e = await Assert.ThrowsAsync<InvalidOperationException>(async () => await cache.GetOrCreateAsync(
                key, async token => await cache.GetOrCreateAsync(key, _ => ValueTask.FromResult("inner"), cancellationToken: token)));

            Assert.Contains("its own key", e.Message, StringComparison.Ordinal);
            Assert.Equal(key, e.Data["NearCache.Key"]);
            Assert.Equal("made", await cache.GetOrCreateAsync(key, _ => ValueTask.FromResult("made")));
        }

        await Assert.ThrowsAsync<InvalidOperationException>(async () => await _world.Cache.GetOrCreateAsync(
            "own", async token => await _world.Cache.GetOrCreateAsync(
                "own", _ => ValueTask.FromResult("inner"), cancellationToken: token)));
    }

    // The clock stands still: a wait for the outer call's right to fill would have no end.
    [Fact]
    public async Task A_factory_may_ask_for_its_own_key_with_other_flags_or_through_another_cache()
    {
        var own = new HybridCacheEntryOptions { Flags = HybridCacheEntryFlags.DisableLocalCache };
        var asked = await _world.Cache.GetOrCreateAsync(
            "flags",
            async token =>
                "outer of " + await _world.Cache.GetOrCreateAsync(
                    "flags", _ => ValueTask.FromResult("inner"), own, cancellationToken: token));
        Assert.Equal("outer of inner", asked);

        var (one, other) = (_shelf.Make(), _shelf.Make());
        var through = await one.GetOrCreateAsync(
            CacheFixture.Unmatched,
            async token =>
                "outer of " + await other.GetOrCreateAsync(
                    CacheFixture.Unmatched, _ => ValueTask.FromResult("inner"), cancellationToken: token));
        Assert.Equal("outer of inner", through);
        Assert.Equal("outer of inner", (await other.GetAsync<string>(CacheFixture.Unmatched)).Value);
    }

    [Fact]
    public async Task What_a_factory_registered_with_its_token_and_that_throws_reaches_neither_callers_nor_disposal()
    {
        var cache = _shelf.Make(options => options.EagerRefresh = 0.5);
        using var leaving = new CancellationTokenSource();
        var began = new TaskCompletionSource();
        var call = cache.GetOrCreateAsync(CacheFixture.Unmatched, HangAsync, cancellationToken: leaving.Token).AsTask();
        await began.Task;
        await leaving.CancelAsync();
        Assert.Equal(leaving.Token, (await Assert.ThrowsAnyAsync<OperationCanceledException>(() => call)).CancellationToken);

        // On the timer's thread it would end the process.
        began = new TaskCompletionSource();
        var timed = cache.GetOrCreateAsync(CacheFixture.Key, HangAsync, new CacheEntryOptions { FactoryTimeout = TimeSpan.FromSeconds(1) })
            .AsTask();
        await began.Task;
        _shelf.Time.Advance(TimeSpan.FromSeconds(2));
        await Assert.ThrowsAsync<FactoryTimeoutException>(() => timed);

        await cache.SetAsync("basket:refreshed", "old", new CacheEntryOptions { Lifetime = TimeSpan.FromSeconds(10) });
        began = new TaskCompletionSource();
        _shelf.Time.Advance(TimeSpan.FromSeconds(6));
        Assert.Equal(
            "old",
            await cache.GetOrCreateAsync("basket:refreshed", HangAsync, new CacheEntryOptions { Lifetime = TimeSpan.FromSeconds(10) }));
        await began.Task;
        await cache.DisposeAsync();
        await Assert.ThrowsAsync<ObjectDisposedException>(() => cache.RemoveAsync(CacheFixture.Key));

        async ValueTask<string> HangAsync(CancellationToken token)
        {
            token.Register(() => throw new InvalidOperationException("thrown by the factory's own callback"));
            began.SetResult();
            await Task.Delay(Timeout.InfiniteTimeSpan, TimeProvider.System, token);
            return "";
        }
    }

    [Fact]
    public async Task Factories_that_wait_for_one_another_in_a_circle_are_told_whoever_began_them()
    {
        var cache = _shelf.Make();
        var go = new TaskCompletionSource();
        async ValueTask<string> OneAsync(CancellationToken token)
        {
            await go.Task;
            return await cache.GetOrCreateAsync("basket:two", TwoAsync, cancellationToken: token);
        }

        async ValueTask<string> TwoAsync(CancellationToken token)
        {
            await go.Task;
            return await cache.GetOrCreateAsync("basket:one", OneAsync, cancellationToken: token);
        }

        var one = cache.GetOrCreateAsync("basket:one", OneAsync).AsTask();
        var two = cache.GetOrCreateAsync("basket:two", TwoAsync).AsTask();
        go.SetResult();

        await Assert.ThrowsAsync<InvalidOperationException>(() => one.WaitAsync(TimeSpan.FromMinutes(1), TimeProvider.System));
        await Assert.ThrowsAsync<InvalidOperationException>(() => two.WaitAsync(TimeSpan.FromMinutes(1), TimeProvider.System));
    }

    [Fact]
    public async Task What_a_factory_started_and_left_behind_may_ask_for_its_key()
    {
        var cache = _shelf.Make();
        var over = new TaskCompletionSource();
        Task<string>? left = null;
        await cache.GetOrCreateAsync(CacheFixture.Unmatched, _ =>
        {
            left = LaterAsync();
            return ValueTask.FromResult("made");
        });
        over.SetResult();

        Assert.Equal("made", await left!);

        async Task<string> LaterAsync()
        {
            await over.Task;
            return await cache.GetOrCreateAsync(CacheFixture.Unmatched, _ => ValueTask.FromResult("again"));
        }
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task A_call_that_is_cancelled_already_runs_no_factory(bool isAway)
    {
        var cache = _shelf.Make();
        _shelf.IsAway = isAway;
        var runs = 0;
        ValueTask<string> CountAsync(CancellationToken token)
        {
            runs++;
            return ValueTask.FromResult("made");
        }

        for (var i = 0; i < 100; i++)
        {
            var cancelled = new CancellationToken(canceled: true);
            await Assert.ThrowsAnyAsync<OperationCanceledException>(
                async () => await cache.GetOrCreateAsync(CacheFixture.Unmatched, CountAsync, cancellationToken: cancelled));
            await Assert.ThrowsAnyAsync<OperationCanceledException>(
                async () => await cache.GetOrCreateResultAsync(CacheFixture.Key, CountAsync, cancellationToken: cancelled));
            await Assert.ThrowsAnyAsync<OperationCanceledException>(
                async () => await cache.GetAsync<string>(CacheFixture.Unmatched, cancelled));
            await Assert.ThrowsAnyAsync<OperationCanceledException>(
                async () => await cache.GetManyAsync<string>([CacheFixture.Unmatched], cancelled));
            await Assert.ThrowsAnyAsync<OperationCanceledException>(
                async () => await cache.SetAsync(CacheFixture.Unmatched, "x", cancellationToken: cancelled));
        }

        Assert.Equal(0, runs);
    }

    [Fact]
    public async Task Waiters_for_a_place_that_gave_up_are_forgotten_at_once()
    {
        var gate = new FactoryLimiter(1);
        await gate.AcquireAsync(default);
        using var leaving = new CancellationTokenSource();
        var stays = gate.AcquireAsync(default).AsTask();
        var leave = Enumerable.Range(0, 10_000).Select(_ => gate.AcquireAsync(leaving.Token).AsTask()).ToArray();
        Assert.Equal(10_001, gate.Waiting);

        await leaving.CancelAsync();

        Assert.Equal(1, gate.Waiting);
        foreach (var left in leave)
        {
            await Assert.ThrowsAnyAsync<OperationCanceledException>(() => left);
        }

        gate.Release();
        await stays;
    }
}
