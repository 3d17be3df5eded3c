using Microsoft.Extensions.Caching.Hybrid;
using NearCache.TestSupport;
using NearCache.TestSupport.Servers;

namespace NearCache.IntegrationTests.EndToEnd;

/// <summary>
/// Callers, factories and their failures on a real memcached: shared runs, cancelled calls, removed tags, eager refresh and disposal.
/// </summary>
public sealed class FlightsOnRealServersTests : IAsyncLifetime
{
    private const string Near = "product:1";
    private const string Far = "basket:1";

    private readonly List<NearCacheClient> _caches = [];
    private MemcachedProcess? _memcached;

    public async ValueTask InitializeAsync() => _memcached = await MemcachedProcess.StartNewAsync();

    public async ValueTask DisposeAsync()
    {
        foreach (var cache in _caches)
        {
            await cache.DisposeAsync();
        }

        await _memcached!.DisposeAsync();
    }

    [Theory]
    [InlineData(Near)]
    [InlineData(Far)]
    public async Task Every_caller_sees_the_factorys_own_exception_and_the_next_caller_elsewhere_does_not_wait(string key)
    {
        var (here, there) = (Make(), Make());
        HybridCache hybrid = new NearHybridCache(here);
        var failure = new TaskCanceledException(
            "The request was canceled due to the configured HttpClient.Timeout.", new TimeoutException("inner"));
        var source = new TaskCompletionSource<string>();
        var callers = new List<Task>();
        for (var i = 0; i < 3; i++)
        {
            callers.Add(here.GetOrCreateAsync(key, async _ => await source.Task).AsTask());
            callers.Add(hybrid.GetOrCreateAsync(key, async _ => await source.Task).AsTask());
        }

        source.SetException(failure);

        foreach (var caller in callers)
        {
            var seen = await Assert.ThrowsAsync<TaskCanceledException>(() => caller);
            Assert.Equal((failure.Message, typeof(TimeoutException)), (seen.Message, seen.InnerException?.GetType()));
        }

        Assert.Equal("new", await there.GetOrCreateAsync(key, _ => ValueTask.FromResult("new")));
        Assert.Equal("new", (await here.GetAsync<string>(key)).Value);
    }

    [Theory]
    [InlineData(Near)]
    [InlineData(Far)]
    public async Task Callers_of_two_types_get_what_their_own_factories_say(string key)
    {
        var cache = Make();
        HybridCache hybrid = new NearHybridCache(cache);
        var (five, began) = (new TaskCompletionSource<int>(), new CountdownEvent(2));
        var number = cache.GetOrCreateAsync(key, FiveAsync).AsTask();
        var hybridNumber = hybrid.GetOrCreateAsync(key, FiveAsync).AsTask();
        await Eventually.BecomesTrueAsync(() => began.IsSet, "both factories run");

        var word = await cache.GetOrCreateAsync(key, _ => ValueTask.FromResult("five"));
        var hybridWord = await hybrid.GetOrCreateAsync(key, _ => ValueTask.FromResult("five"));
        five.SetResult(5);

        Assert.Equal((5, 5, "five", "five"), (await number, await hybridNumber, word, hybridWord));

        async ValueTask<int> FiveAsync(CancellationToken token)
        {
            began.Signal();
            return await five.Task;
        }
    }

    [Fact]
    public async Task A_factory_that_asks_for_its_own_key_gets_an_explanation_or_with_other_flags_its_value()
    {
        var cache = Make();
        HybridCache hybrid = new NearHybridCache(cache);
        foreach (var key in new[] { Near, Far })
        {
            await Assert.ThrowsAsync<InvalidOperationException>(async () => await cache.GetOrCreateAsync(
                key, async token => await cache.GetOrCreateAsync(key, _ => ValueTask.FromResult("inner"), cancellationToken: token)));
            Assert.Equal("made", await cache.GetOrCreateAsync(key, _ => ValueTask.FromResult("made")));
        }

        var flags = new HybridCacheEntryOptions { Flags = HybridCacheEntryFlags.DisableLocalCache };
        Assert.Equal("outer of inner", await hybrid.GetOrCreateAsync(
            "own", async token =>
                $"outer of {await hybrid.GetOrCreateAsync("own", _ => ValueTask.FromResult("inner"), flags, cancellationToken: token)}"));
    }

    [Fact]
    public async Task Cancelled_calls_run_no_factory_and_send_nothing_also_while_memcached_is_down()
    {
        var cache = Make();
        HybridCache hybrid = new NearHybridCache(cache);
        await cache.SetAsync(Far, "value");
        var (runs, cancelled) = (0, new CancellationToken(canceled: true));
        foreach (var isDown in new[] { false, true })
        {
            if (isDown)
            {
                _memcached!.Kill();
            }

            var calls = new Func<Task>[]
            {
                async () => await cache.GetOrCreateAsync("basket:2", CountAsync, cancellationToken: cancelled),
                async () => await cache.GetOrCreateAsync("product:2", CountAsync, cancellationToken: cancelled),
                async () => await hybrid.GetOrCreateAsync("2", CountAsync, cancellationToken: cancelled),
                async () => await hybrid.RemoveByTagAsync("tag", cancelled),
                async () => await cache.GetManyAsync<string>([Far], cancelled),
                () => cache.SetAsync(Far, "other", cancellationToken: cancelled),
                () => cache.RemoveAsync(Far, cancelled),
                () => cache.IncrementAsync("counter", cancellationToken: cancelled),
            };
            for (var i = 0; i < 10; i++)
            {
                foreach (var call in calls)
                {
                    await Assert.ThrowsAnyAsync<OperationCanceledException>(call);
                }
            }

            if (!isDown)
            {
                Assert.Equal(("value", 1L), ((await cache.GetAsync<string>(Far)).Value, await cache.IncrementAsync("counter")));
            }
        }

        Assert.Equal(0, runs);

        ValueTask<string> CountAsync(CancellationToken token)
        {
            runs++;
            return ValueTask.FromResult("made");
        }
    }

    [Fact]
    public async Task A_removed_tag_ends_what_lingers_while_the_keys_server_is_down()
    {
        await using var second = await MemcachedProcess.StartNewAsync();
        var cache = Make(options =>
        {
            options.Memcached.Servers.Add(second.Address);
            options.FactoryReuse = options.MaxStaleness;
        });
        HybridCache hybrid = new NearHybridCache(cache);
        await hybrid.SetAsync("first", "value");
        second.Kill();

        // Results of keys on the server that is down are reused until their tag is removed.
        var removed = 0;
        for (var i = 0; i < 20; i++)
        {
            var key = $"lost{i}";
            await hybrid.GetOrCreateAsync(key, _ => ValueTask.FromResult("old"), tags: [$"tag{i}"]);
            if (await TryRemoveTagAsync($"tag{i}"))
            {
                removed++;
                Assert.Equal("new", await hybrid.GetOrCreateAsync(key, _ => ValueTask.FromResult("new"), tags: [$"tag{i}"]));
            }
        }

        Assert.InRange(removed, 1, 20);

        async Task<bool> TryRemoveTagAsync(string tag)
        {
            try
            {
                await hybrid.RemoveByTagAsync(tag);
                return true;
            }
            catch (NearCacheException)
            {
                return false;
            }
        }
    }

    [Fact]
    public async Task A_refresh_begins_within_its_part_of_a_life_and_disposal_ends_it()
    {
        var cache = Make();
        var entry = new CacheEntryOptions { Lifetime = TimeSpan.FromSeconds(60), EagerRefresh = 0.01 };
        var (runs, refreshing, over) = (0, new TaskCompletionSource(), new TaskCompletionSource());
        await Eventually.BecomesTrueAsync(
            async () =>
            {
                Assert.Equal("old", await cache.GetOrCreateAsync(Far, MakeAsync, entry));
                return refreshing.Task.IsCompleted;
            },
            "the refresh begins while the value lives");
        Assert.Equal("old", (await cache.GetAsync<string>(Far)).Value);

        await cache.DisposeAsync();

        await over.Task.WaitAsync(TimeSpan.FromMinutes(1), TimeProvider.System);
        await Assert.ThrowsAsync<ObjectDisposedException>(async () => await cache.GetOrCreateAsync(Far, MakeAsync, entry));

        async ValueTask<string> MakeAsync(CancellationToken token)
        {
            if (Interlocked.Increment(ref runs) == 1)
            {
                return "old";
            }

            refreshing.TrySetResult();
            try
            {
                await Task.Delay(Timeout.InfiniteTimeSpan, TimeProvider.System, token);
            }
            finally
            {
                over.TrySetResult();
            }

            return "";
        }
    }

    [Fact]
    public async Task A_cache_that_is_disposed_leaves_no_right_to_fill_behind()
    {
        var (here, there) = (Make(options => options.FillLease = TimeSpan.FromMinutes(5)), Make());
        var (source, began) = (new TaskCompletionSource<string>(), new TaskCompletionSource());
        var call = here.GetOrCreateAsync(Far, async _ =>
        {
            began.SetResult();
            return await source.Task;
        }).AsTask();
        await began.Task;

        await here.DisposeAsync();

        // Otherwise an empty item with a lifetime of five minutes would exist.
        Assert.True(await there.AddAsync(Far, "of the other"));
        source.SetResult("made");
        Assert.Equal("made", await call);
        Assert.Equal("of the other", (await there.GetAsync<string>(Far)).Value);
    }

    [Fact]
    public async Task A_value_that_was_only_set_is_served_when_memcached_is_gone()
    {
        var cache = Make(
            options => (options.OnRemoteFailure, options.StaleLifetime) = (RemoteFailurePolicy.ServeStale, TimeSpan.FromMinutes(5)));
        await cache.SetAsync(Far, "set");
        _memcached!.Kill();

        var found = await cache.GetAsync<string>(Far);

        Assert.Equal(("set", CacheSource.Stale), (found.Value, found.Source));
    }

    private NearCacheClient Make(Action<NearCacheOptions>? configure = null)
    {
        var options = new NearCacheOptions
        {
            Namespace = "flights",
            Memcached = { Servers = { _memcached!.Address } },
            Rules = { new RuleOptions { Name = "products", Match = "product:*" } },
        };
        configure?.Invoke(options);
        var cache = new NearCacheClient(options);
        _caches.Add(cache);
        return cache;
    }
}
