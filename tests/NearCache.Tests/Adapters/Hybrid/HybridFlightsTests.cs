using Microsoft.Extensions.Caching.Hybrid;
using NearCache.TestSupport;

namespace NearCache.Tests.Adapters.Hybrid;

/// <summary>Which calls share a run of the factory, and which call ends it.</summary>
public sealed class HybridFlightsTests
{
    [Theory]
    [InlineData(HybridCacheEntryFlags.None)]
    [InlineData(HybridCacheEntryFlags.DisableLocalCache)]
    [InlineData(HybridCacheEntryFlags.DisableDistributedCache)]
    [InlineData(HybridCacheEntryFlags.DisableLocalCache | HybridCacheEntryFlags.DisableDistributedCache)]
    public async Task Callers_that_come_together_share_one_run(HybridCacheEntryFlags flags)
    {
        await using var world = HybridFixture.Start();
        var source = new TaskCompletionSource<List<int>>();
        var runs = 0;
        var callers = Enumerable.Range(0, 50).Select(_ => world.Cache.GetOrCreateAsync(
            "key",
            async _ =>
            {
                Interlocked.Increment(ref runs);
                return await source.Task;
            },
            new HybridCacheEntryOptions { Flags = flags }).AsTask()).ToArray();

        source.SetResult([1, 2, 3]);
        var lists = await Task.WhenAll(callers);

        Assert.Equal(1, runs);
        Assert.All(lists, list => Assert.Equal([1, 2, 3], list));
        Assert.Equal(lists.Length, lists.Distinct(ReferenceEqualityComparer.Instance).Count());
    }

    [Fact]
    public async Task Calls_with_other_flags_do_not_share_a_run()
    {
        await using var world = HybridFixture.Start();
        var source = new TaskCompletionSource<string>();
        var ordinary = world.Cache.GetOrCreateAsync("key", async _ => await source.Task).AsTask();

        var nearOnly = await world.Cache.GetOrCreateAsync(
            "key",
            _ => ValueTask.FromResult("near"),
            new HybridCacheEntryOptions { Flags = HybridCacheEntryFlags.DisableDistributedCache });
        source.SetResult("ordinary");

        Assert.Equal(("near", "ordinary"), (nearOnly, await ordinary));
    }

    [Fact]
    public async Task A_call_that_begins_after_a_removal_does_not_join_an_older_run_whatever_its_flags()
    {
        await using var world = HybridFixture.Start();
        HybridCacheEntryFlags[] all =
            [HybridCacheEntryFlags.None, HybridCacheEntryFlags.DisableDistributedCache, HybridCacheEntryFlags.DisableLocalCache];
        foreach (var flags in all)
        {
            var options = new HybridCacheEntryOptions { Flags = flags };
            var key = $"key-{flags}";
            var source = new TaskCompletionSource<string>();
            var older = world.Cache.GetOrCreateAsync(key, async _ => await source.Task, options).AsTask();

            await world.Cache.RemoveAsync(key);
            var newer = await world.Cache.GetOrCreateAsync(key, _ => ValueTask.FromResult("new"), options);
            source.SetResult("old");

            Assert.Equal(("old", "new"), (await older, newer));
        }
    }

    [Fact]
    public async Task Cancelling_gives_up_one_callers_wait_and_the_factory_goes_on_for_the_others()
    {
        await using var world = HybridFixture.Start();
        var source = new FakeSource();
        using var cancelled = new CancellationTokenSource();
        var leaves = world.Cache.GetOrCreateAsync("key", source.AskAsync, cancellationToken: cancelled.Token).AsTask();
        var stays = world.Cache.GetOrCreateAsync<string>("key", _ => throw new InvalidOperationException("It joins.")).AsTask();
        await source.Asked;

        await cancelled.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => leaves);
        Assert.False(source.Token.IsCancellationRequested);
        source.Answers("made");

        Assert.Equal("made", await stays);
        Assert.Equal("made", await world.Cache.AnywhereAsync("key"));
    }

    [Theory]
    [InlineData(HybridCacheEntryFlags.None)]
    [InlineData(HybridCacheEntryFlags.DisableDistributedCache)]
    public async Task A_factory_is_cancelled_when_the_last_caller_has_left_and_the_next_caller_runs_its_own(HybridCacheEntryFlags flags)
    {
        await using var world = HybridFixture.Start();
        var options = new HybridCacheEntryOptions { Flags = flags };
        var source = new FakeSource();
        using var first = new CancellationTokenSource();
        using var last = new CancellationTokenSource();
        var callers = new[] { first, last, last }.Select(
            leaving => world.Cache.GetOrCreateAsync("key", source.AskAsync, options, cancellationToken: leaving.Token).AsTask()).ToArray();
        await source.Asked;

        await first.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => callers[0]);
        Assert.False(source.Token.IsCancellationRequested);
        await last.CancelAsync();

        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => Task.WhenAll(callers));
        await Eventually.BecomesTrueAsync(() => source.Token.IsCancellationRequested, "the factory is told");
        Assert.Equal("again", await world.Cache.GetOrCreateAsync("key", _ => ValueTask.FromResult("again"), options));
    }

    [Fact]
    public async Task A_call_that_is_cancelled_already_does_nothing()
    {
        await using var world = HybridFixture.Start();
        var cancelled = new CancellationToken(canceled: true);
        await world.Cache.SetAsync("key", "there");

        await Assert.ThrowsAnyAsync<OperationCanceledException>(
            async () => await world.Cache.GetOrCreateAsync("key", _ => ValueTask.FromResult("made"), cancellationToken: cancelled));
        await Assert.ThrowsAnyAsync<OperationCanceledException>(
            async () => await world.Cache.SetAsync("key", "other", cancellationToken: cancelled));
        await Assert.ThrowsAnyAsync<OperationCanceledException>(async () => await world.Cache.RemoveAsync("key", cancelled));
        await Assert.ThrowsAnyAsync<OperationCanceledException>(async () => await world.Cache.RemoveByTagAsync("*", cancelled));

        Assert.Equal("there", await world.Cache.AnywhereAsync("key"));
    }

    [Fact]
    public async Task A_factory_that_throws_leaves_nothing_and_all_its_callers_see_why()
    {
        await using var world = HybridFixture.Start();
        var source = new TaskCompletionSource<string>();
        var callers = Enumerable.Range(0, 3)
            .Select(_ => world.Cache.GetOrCreateAsync("key", async _ => await source.Task).AsTask())
            .ToArray();

        source.SetException(new TimeoutException("the source"));

        Assert.All(
            await Task.WhenAll(callers.Select(async caller => await Assert.ThrowsAsync<TimeoutException>(() => caller))),
            e => Assert.Equal("the source", e.Message));
        Assert.Equal("made", await world.Cache.MakeAsync("key", "made"));
    }

    [Fact]
    public async Task A_factory_that_throws_before_its_first_await_does_so_to_whoever_awaits()
    {
        await using var world = HybridFixture.Start();
        foreach (var flags in new[] { HybridCacheEntryFlags.None, HybridCacheEntryFlags.DisableDistributedCache })
        {
            var call = world.Cache.GetOrCreateAsync<string>(
                "key", _ => throw new TimeoutException("the source"), new HybridCacheEntryOptions { Flags = flags });

            await Assert.ThrowsAsync<TimeoutException>(async () => await call);
        }
    }

    [Fact]
    public async Task Who_was_told_that_the_factory_failed_may_try_again_at_once()
    {
        await using var world = HybridFixture.Start();
        for (var i = 0; i < 500; i++)
        {
            await Assert.ThrowsAsync<TimeoutException>(
                async () => await world.Cache.GetOrCreateAsync<string>($"key-{i}", _ => throw new TimeoutException("the source")));

            Assert.Equal("made", await world.Cache.MakeAsync($"key-{i}", "made"));
        }
    }

    [Theory]
    [InlineData(HybridCacheEntryFlags.None)]
    [InlineData(HybridCacheEntryFlags.DisableDistributedCacheWrite)]
    public async Task No_more_factories_run_at_once_than_the_caches_bound_whatever_their_flags(HybridCacheEntryFlags flags)
    {
        await using var world = HybridFixture.Start(options => options.MaxConcurrentFactories = 1);
        var (first, second) = (new FakeSource(), new FakeSource());
        var options = new HybridCacheEntryOptions { Flags = flags };
        var one = world.Cache.GetOrCreateAsync("1", first.AskAsync, options).AsTask();
        await first.Asked;
        var two = world.Cache.GetOrCreateAsync("2", second.AskAsync, options).AsTask();

        Assert.False(second.Asked.IsCompleted);
        first.Answers("one");
        second.Answers("two");

        Assert.Equal(("one", "two"), (await one, await two));
    }

    // A page that is made of products: each is cached, and the page, too.
    [Fact]
    public async Task Factories_may_ask_the_cache_themselves_however_many_run_at_once()
    {
        await using var world = HybridFixture.Start(options => options.MaxConcurrentFactories = 4);

        var pages = await Task.WhenAll(Enumerable.Range(0, 50).Select(async page => await world.Cache.GetOrCreateAsync(
            $"page-{page}",
            async token =>
            {
                await Task.Yield();
                var products = await Task.WhenAll(Enumerable.Range(0, 3).Select(async i => await world.Cache.GetOrCreateAsync(
                    $"product-{(page + i) % 50}",
                    async _ =>
                    {
                        await Task.Yield();
                        return $"{(page + i) % 50}";
                    },
                    cancellationToken: token)));
                return string.Join(' ', products);
            }))).WaitAsync(TimeSpan.FromMinutes(1), TimeProvider.System);

        Assert.Equal("49 0 1", pages[49]);
    }

    /// <summary>What a factory asks; it answers when the test says.</summary>
    private sealed class FakeSource
    {
        private readonly TaskCompletionSource _asked = new(TaskCreationOptions.RunContinuationsAsynchronously);
        private readonly TaskCompletionSource<string> _answer = new(TaskCreationOptions.RunContinuationsAsynchronously);

        public Task Asked => _asked.Task;

        public CancellationToken Token { get; private set; }

        public void Answers(string value) => _answer.SetResult(value);

        public async ValueTask<string> AskAsync(CancellationToken cancellationToken)
        {
            Token = cancellationToken;
            _asked.TrySetResult();
            return await _answer.Task.WaitAsync(cancellationToken);
        }
    }
}
