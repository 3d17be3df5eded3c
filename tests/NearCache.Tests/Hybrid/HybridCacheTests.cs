using Microsoft.Extensions.Caching.Hybrid;
using Microsoft.Extensions.DependencyInjection;
using NearCache.Memcached.Protocol;
using NearCache.Remote;
using NearCache.TestSupport;
using NearCache.TestSupport.Diagnostics;
using NearCache.TestSupport.Servers;
using NearCache.Tests.Remote;

namespace NearCache.Tests.Hybrid;

/// <summary>What the documentation of <see cref="HybridCache"/> promises, asked of the abstract class alone.</summary>
public sealed class HybridCacheTests
{
    [Fact]
    public async Task A_factory_runs_once_and_its_value_is_there_for_all_who_come_later()
    {
        await using var world = HybridWorld.Start();

        Assert.Equal("made", await world.Cache.MakeAsync("key", "made"));
        Assert.Equal("made", await world.Cache.MakeAsync("key", "again"));

        Assert.Equal(("made", "made"), (await world.Cache.NearAsync("key"), await world.Cache.RemoteAsync("key")));
    }

    [Theory]
    [InlineData(HybridCacheEntryFlags.None)]
    [InlineData(HybridCacheEntryFlags.DisableLocalCache)]
    [InlineData(HybridCacheEntryFlags.DisableDistributedCache)]
    [InlineData(HybridCacheEntryFlags.DisableLocalCache | HybridCacheEntryFlags.DisableDistributedCache)]
    public async Task Callers_that_come_together_share_one_run(HybridCacheEntryFlags flags)
    {
        await using var world = HybridWorld.Start();
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
        await using var world = HybridWorld.Start();
        var source = new TaskCompletionSource<string>();
        var ordinary = world.Cache.GetOrCreateAsync("key", async _ => await source.Task).AsTask();

        var nearOnly = await world.Cache.GetOrCreateAsync("key", _ => ValueTask.FromResult("near"), new HybridCacheEntryOptions { Flags = HybridCacheEntryFlags.DisableDistributedCache });
        source.SetResult("ordinary");

        Assert.Equal(("near", "ordinary"), (nearOnly, await ordinary));
    }

    [Fact]
    public async Task A_call_that_begins_after_a_removal_does_not_join_an_older_run_whatever_its_flags()
    {
        await using var world = HybridWorld.Start();
        foreach (var flags in new[] { HybridCacheEntryFlags.None, HybridCacheEntryFlags.DisableDistributedCache, HybridCacheEntryFlags.DisableLocalCache })
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
    public async Task Cancelling_gives_up_one_callers_wait()
    {
        await using var world = HybridWorld.Start();
        var source = new TaskCompletionSource<string>();
        using var cancelled = new CancellationTokenSource();
        var leaves = world.Cache.GetOrCreateAsync("key", async _ => await source.Task, cancellationToken: cancelled.Token).AsTask();
        var stays = world.Cache.GetOrCreateAsync<string>("key", _ => throw new InvalidOperationException("It joins.")).AsTask();

        await cancelled.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => leaves);
        source.SetResult("made");

        Assert.Equal("made", await stays);
    }

    [Fact]
    public async Task A_factory_is_cancelled_when_the_last_caller_has_left()
    {
        await using var world = HybridWorld.Start();
        using var cancelled = new CancellationTokenSource();
        var began = new TaskCompletionSource();
        var seen = new TaskCompletionSource();
        var callers = Enumerable.Range(0, 3).Select(_ => world.Cache.GetOrCreateAsync<string>(
            "key",
            async token =>
            {
                token.Register(seen.SetResult);
                began.TrySetResult();
                await seen.Task;
                token.ThrowIfCancellationRequested();
                return "made";
            },
            cancellationToken: cancelled.Token).AsTask()).ToArray();
        await began.Task;

        await cancelled.CancelAsync();

        await seen.Task.WaitAsync(TimeSpan.FromSeconds(30), TimeProvider.System);
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => Task.WhenAll(callers));
    }

    [Fact]
    public async Task A_call_that_is_cancelled_already_does_nothing()
    {
        await using var world = HybridWorld.Start();
        var cancelled = new CancellationToken(canceled: true);
        await world.Cache.SetAsync("key", "there");

        await Assert.ThrowsAnyAsync<OperationCanceledException>(async () => await world.Cache.GetOrCreateAsync("key", _ => ValueTask.FromResult("made"), cancellationToken: cancelled));
        await Assert.ThrowsAnyAsync<OperationCanceledException>(async () => await world.Cache.SetAsync("key", "other", cancellationToken: cancelled));
        await Assert.ThrowsAnyAsync<OperationCanceledException>(async () => await world.Cache.RemoveAsync("key", cancelled));
        await Assert.ThrowsAnyAsync<OperationCanceledException>(async () => await world.Cache.RemoveByTagAsync("*", cancelled));

        Assert.Equal("there", await world.Cache.AnywhereAsync("key"));
    }

    [Fact]
    public async Task A_factory_that_throws_leaves_nothing_and_all_its_callers_see_why()
    {
        await using var world = HybridWorld.Start();
        var source = new TaskCompletionSource<string>();
        var callers = Enumerable.Range(0, 3).Select(_ => world.Cache.GetOrCreateAsync("key", async _ => await source.Task).AsTask()).ToArray();

        source.SetException(new TimeoutException("the source"));

        Assert.All(await Task.WhenAll(callers.Select(async caller => await Assert.ThrowsAsync<TimeoutException>(() => caller))), e => Assert.Equal("the source", e.Message));
        Assert.Equal("made", await world.Cache.MakeAsync("key", "made"));
    }

    [Fact]
    public async Task An_entry_ends_with_its_expiration()
    {
        await using var world = HybridWorld.Start();
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
        await using var world = HybridWorld.Start();
        await Make("local", new HybridCacheEntryOptions { LocalCacheExpiration = TimeSpan.FromSeconds(2) });
        await Make("overall", new HybridCacheEntryOptions { Expiration = TimeSpan.FromSeconds(3), LocalCacheExpiration = TimeSpan.FromHours(1) });
        Assert.Equal(("made", "made"), (await world.Cache.NearAsync("local"), await world.Cache.NearAsync("overall")));

        await TurnAsync(world, TimeSpan.FromSeconds(2.5));

        Assert.Equal((null, "made"), (await world.Cache.NearAsync("local"), await world.Cache.RemoteAsync("local")));
        Assert.Null(await world.Cache.NearAsync("overall"));

        ValueTask<string> Make(string key, HybridCacheEntryOptions options) => world.Cache.GetOrCreateAsync(key, _ => ValueTask.FromResult("made"), options);
    }

    [Fact]
    public async Task The_local_expiration_of_the_reader_counts_for_what_comes_from_the_remote()
    {
        await using var world = HybridWorld.Start();
        await world.Cache.SetAsync("key", "there");
        await world.Cache.GetOrCreateAsync("key", _ => ValueTask.FromResult("made"), new HybridCacheEntryOptions { LocalCacheExpiration = TimeSpan.FromSeconds(1) });
        Assert.Equal("there", await world.Cache.NearAsync("key"));

        await TurnAsync(world, TimeSpan.FromSeconds(1.5));

        Assert.Null(await world.Cache.NearAsync("key"));
    }

    [Fact]
    public async Task Each_option_that_a_call_leaves_out_is_the_caches()
    {
        await using var world = HybridWorld.Start(face: new NearHybridCacheOptions { DefaultEntryOptions = new HybridCacheEntryOptions { Expiration = TimeSpan.FromSeconds(5) } });
        await world.Cache.SetAsync("by default", "one", new HybridCacheEntryOptions { LocalCacheExpiration = TimeSpan.FromSeconds(1) });
        await world.Cache.SetAsync("by call", "two", new HybridCacheEntryOptions { Expiration = TimeSpan.FromSeconds(50) });

        world.Time.Advance(TimeSpan.FromSeconds(6));

        Assert.Equal((null, "two"), (await world.Cache.RemoteAsync("by default"), await world.Cache.RemoteAsync("by call")));
    }

    [Fact]
    public async Task An_expiration_that_is_not_positive_is_refused()
    {
        await using var world = HybridWorld.Start();

        await Assert.ThrowsAsync<ArgumentOutOfRangeException>(async () => await world.Cache.SetAsync("key", "one", new HybridCacheEntryOptions { Expiration = TimeSpan.Zero }));
        await Assert.ThrowsAsync<ArgumentOutOfRangeException>(async () =>
            await world.Cache.GetOrCreateAsync("key", _ => ValueTask.FromResult("made"), new HybridCacheEntryOptions { LocalCacheExpiration = TimeSpan.FromSeconds(-1) }));
    }

    [Fact]
    public async Task A_removed_key_is_gone_and_others_stay()
    {
        await using var world = HybridWorld.Start();
        foreach (var key in new[] { "a", "b", "c", "d" })
        {
            await world.Cache.MakeAsync(key, key);
        }

        await world.Cache.RemoveAsync("a");
        await world.Cache.RemoveAsync(["b", "c", "not there", "b"]);
        await world.Cache.RemoveAsync((IEnumerable<string>)null!);
        await world.Cache.RemoveAsync("not there");

        Assert.Equal((string?[])[null, null, null, "d"], (string?[])[await world.Cache.AnywhereAsync("a"), await world.Cache.AnywhereAsync("b"), await world.Cache.AnywhereAsync("c"), await world.Cache.AnywhereAsync("d")]);
    }

    [Fact]
    public async Task Without_a_rule_nothing_is_near_and_everything_works()
    {
        await using var world = HybridWorld.Start(options => options.Rules.Clear());

        await world.Cache.MakeAsync("key", "made", "tag");
        Assert.Equal((null, "made"), (await world.Cache.NearAsync("key"), await world.Cache.RemoteAsync("key")));
        await world.Cache.RemoveByTagAsync("tag");

        Assert.Null(await world.Cache.AnywhereAsync("key"));
    }

    [Fact]
    public async Task Garbage_on_the_remote_is_replaced()
    {
        await using var world = HybridWorld.Start();
        var hybrid = new Envelope(ValueKind.Hybrid).ToClientFlags();
        var number = 0;
        foreach (var (bytes, flags) in new (byte[], uint)[] { ([], hybrid), ([0], hybrid), ([0, 1, 200], hybrid), ([9, 9, 9], hybrid), ("{}"u8.ToArray(), 0), (new byte[500], hybrid) })
        {
            var key = $"key-{number++}";
            await world.Server.ExecuteAsync(MetaCommand.Set(System.Text.Encoding.UTF8.GetBytes($"h:{key}"), bytes) with { ClientFlags = flags }, CancellationToken.None);

            Assert.Equal("made", await world.Cache.MakeAsync(key, "made"));
            Assert.Equal("made", await world.Cache.RemoteAsync(key));
        }
    }

    [Fact]
    public async Task A_value_of_another_shape_is_replaced()
    {
        await using var world = HybridWorld.Start();
        await world.Cache.SetAsync("key", "no list at all");

        Assert.Equal([1], await world.Cache.GetOrCreateAsync("key", _ => ValueTask.FromResult(new List<int> { 1 })));
        Assert.Equal([1], await world.Cache.GetOrCreateAsync<List<int>>("key", _ => throw new InvalidOperationException("It is there now.")));
    }

    [Fact]
    public async Task With_the_remote_dead_the_factory_answers_and_writes_throw()
    {
        var options = new NearCacheOptions { Memcached = { Servers = { $"127.0.0.1:{Ports.Free()}" } }, Rules = { new RuleOptions { Name = "hybrid", Match = "h:*" } } };
        await using var client = new NearCacheClient(options);
        var cache = new NearHybridCache(client);

        Assert.Equal("made", await cache.GetOrCreateAsync("key", _ => ValueTask.FromResult("made"), tags: ["tag"]));
        Assert.Equal("again", await cache.GetOrCreateAsync("other", _ => ValueTask.FromResult("again"), new HybridCacheEntryOptions { Flags = HybridCacheEntryFlags.DisableDistributedCacheWrite }));
        await Assert.ThrowsAsync<NearCacheException>(async () => await cache.SetAsync("key", "set"));
        await Assert.ThrowsAsync<NearCacheException>(async () => await cache.RemoveAsync("key"));
        await Assert.ThrowsAsync<NearCacheException>(async () => await cache.RemoveByTagAsync("tag"));
    }

    [Fact]
    public async Task With_the_remote_dead_and_OnRemoteFailure_Throw_reads_throw()
    {
        var time = new ManualTime();
        var remote = new FailingRemote(time);
        await using var client = new NearCacheClient(new NearCacheOptions { OnRemoteFailure = RemoteFailurePolicy.Throw }, remote, time: time);
        var cache = new NearHybridCache(client);
        await cache.MakeAsync("key", "made", "tag");
        remote.IsDown = true;

        await Assert.ThrowsAsync<NearCacheException>(async () => await cache.MakeAsync("key", "again", "tag"));
        await Assert.ThrowsAsync<NearCacheException>(async () => await cache.AnywhereAsync("key"));
        remote.IsDown = false;
        Assert.Equal("made", await cache.AnywhereAsync("key"));
    }

    [Fact]
    public async Task A_stale_value_is_neither_remembered_nor_served_nor_counted()
    {
        var time = new ManualTime();
        var remote = new FailingRemote(time);
        using var meters = new MeterRecorder();
        var options = new NearCacheOptions { OnRemoteFailure = RemoteFailurePolicy.ServeStale, StaleLifetime = TimeSpan.FromHours(1) };
        await using var client = new NearCacheClient(options, remote, meters: meters, time: time);
        var cache = new NearHybridCache(client);
        await cache.MakeAsync("key", "made", "tag");
        Assert.Equal("made", await cache.RemoteAsync("key"));
        remote.IsDown = true;

        Assert.Equal("again", await cache.MakeAsync("key", "again", "tag"));
        Assert.Null(await cache.AnywhereAsync("key"));
        Assert.Equal(0, meters.Sum("nearcache.stale.served"));
    }

    [Fact]
    public async Task One_line_makes_it_the_HybridCache_of_an_application()
    {
        var services = new ServiceCollection();
        services.AddSingleton<HybridCache>(_ => throw new InvalidOperationException("Another's."));
        services.AddNearCache(options => options.Rules.Add(new RuleOptions { Name = "hybrid", Match = "h:*" })).AddHybridCache(options => options.MaximumKeyLength = 5);
        await using var provider = services.BuildServiceProvider();

        var cache = Assert.IsType<NearHybridCache>(provider.GetRequiredService<HybridCache>());
        await cache.MakeAsync("key", "made");
        await cache.MakeAsync("too long", "made");

        Assert.Equal(("made", null), (await cache.NearAsync("key"), await cache.NearAsync("too long")));
        Assert.Same(cache, provider.GetRequiredService<HybridCache>());
    }

    [Fact]
    public void Without_the_line_there_is_no_HybridCache()
    {
        var services = new ServiceCollection();
        services.AddNearCache(_ => { });

        Assert.DoesNotContain(services, service => service.ServiceType == typeof(HybridCache));
    }

    // An audit must confirm before anything may be near again.
    private static async Task TurnAsync(HybridWorld world, TimeSpan by)
    {
        world.Time.Advance(by);
        await Task.Yield();
    }
}
