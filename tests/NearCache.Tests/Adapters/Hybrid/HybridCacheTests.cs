using Microsoft.Extensions.Caching.Hybrid;
using Microsoft.Extensions.DependencyInjection;
using NearCache.Memcached.Protocol;
using NearCache.Remote.Formats;
using NearCache.Tests.Reading;
using NearCache.Tests.Remote;
using NearCache.TestSupport;
using NearCache.TestSupport.Diagnostics;
using NearCache.TestSupport.Servers;

namespace NearCache.Tests.Adapters.Hybrid;

/// <summary>
/// What the documentation of <see cref="HybridCache"/> promises, asked of the abstract class alone, as in the other classes beside this
/// one. docs/hybrid-cache.md lists what is promised.
/// </summary>
public sealed class HybridCacheTests
{
    [Fact]
    public async Task A_factory_runs_once_and_its_value_is_there_for_all_who_come_later()
    {
        await using var world = HybridFixture.Start();

        Assert.Equal("made", await world.Cache.MakeAsync("key", "made"));
        Assert.Equal("made", await world.Cache.MakeAsync("key", "again"));

        Assert.Equal(("made", "made"), (await world.Cache.NearAsync("key"), await world.Cache.RemoteAsync("key")));
    }

    [Fact]
    public async Task A_removed_key_is_gone_and_others_stay()
    {
        await using var world = HybridFixture.Start();
        foreach (var key in new[] { "a", "b", "c", "d" })
        {
            await world.Cache.MakeAsync(key, key);
        }

        await world.Cache.RemoveAsync("a");
        await world.Cache.RemoveAsync(["b", "c", "not there", "b"]);
        await world.Cache.RemoveAsync((IEnumerable<string>)null!);
        await world.Cache.RemoveAsync([]);
        await world.Cache.RemoveAsync("not there");

        Assert.Equal(
            (string?[])[null, null, null, "d"],
            (string?[])[
                await world.Cache.AnywhereAsync("a"),
                await world.Cache.AnywhereAsync("b"),
                await world.Cache.AnywhereAsync("c"),
                await world.Cache.AnywhereAsync("d"),
            ]);
    }

    [Fact]
    public async Task Without_a_rule_nothing_is_near_and_everything_works()
    {
        await using var world = HybridFixture.Start(options => options.Rules.Clear());

        await world.Cache.MakeAsync("key", "made", "tag");
        Assert.Equal((null, "made"), (await world.Cache.NearAsync("key"), await world.Cache.RemoteAsync("key")));
        await world.Cache.RemoveByTagAsync("tag");

        Assert.Null(await world.Cache.AnywhereAsync("key"));
    }

    [Fact]
    public async Task Garbage_on_the_remote_is_replaced()
    {
        await using var world = HybridFixture.Start();
        var hybrid = new Envelope(ValueKind.Hybrid).ToClientFlags();
        var number = 0;
        (byte[], uint)[] damaged =
            [([], hybrid), ([0], hybrid), ([0, 1, 200], hybrid), ([9, 9, 9], hybrid), ("{}"u8.ToArray(), 0), (new byte[500], hybrid)];
        foreach (var (bytes, flags) in damaged)
        {
            var key = $"key-{number++}";
            await world.Server.ExecuteAsync(
                MetaCommand.Set(System.Text.Encoding.UTF8.GetBytes($"h:{key}"), bytes) with { ClientFlags = flags },
                CancellationToken.None);

            Assert.Equal("made", await world.Cache.MakeAsync(key, "made"));
            Assert.Equal("made", await world.Cache.RemoteAsync(key));
        }
    }

    [Fact]
    public async Task A_value_of_another_shape_is_replaced()
    {
        await using var world = HybridFixture.Start();
        await world.Cache.SetAsync("key", "no list at all");

        Assert.Equal([1], await world.Cache.GetOrCreateAsync("key", _ => ValueTask.FromResult(new List<int> { 1 })));
        Assert.Equal(
            [1], await world.Cache.GetOrCreateAsync<List<int>>("key", _ => throw new InvalidOperationException("It is there now.")));
    }

    [Fact]
    public async Task With_the_remote_dead_the_factory_answers_and_writes_throw()
    {
        var options = new NearCacheOptions
        {
            Memcached = { Servers = { $"127.0.0.1:{Ports.Free()}" } },
            Rules = { new RuleOptions { Name = "hybrid", Match = "h:*" } },
        };
        await using var client = new NearCacheClient(options);
        var cache = new NearHybridCache(client);

        Assert.Equal("made", await cache.GetOrCreateAsync("key", _ => ValueTask.FromResult("made"), tags: ["tag"]));
        Assert.Equal(
            "again",
            await cache.GetOrCreateAsync(
                "other",
                _ => ValueTask.FromResult("again"),
                new HybridCacheEntryOptions { Flags = HybridCacheEntryFlags.DisableDistributedCacheWrite }));
        await Assert.ThrowsAsync<NearCacheException>(async () => await cache.SetAsync("key", "set"));
        await Assert.ThrowsAsync<NearCacheException>(async () => await cache.RemoveAsync("key"));
        await Assert.ThrowsAsync<NearCacheException>(async () => await cache.RemoveByTagAsync("tag"));
    }

    [Fact]
    public async Task With_the_remote_dead_and_OnRemoteFailure_Throw_reads_throw()
    {
        var time = new ManualTime();
        var remote = new FailingRemote(time);
        await using var client = new NearCacheClient(
            new NearCacheOptions { OnRemoteFailure = RemoteFailurePolicy.Throw }, remote, timeProvider: time);
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
        await using var client = new NearCacheClient(options, remote, meterFactory: meters, timeProvider: time);
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
        services.AddNearCache(options => options.Rules.Add(new RuleOptions { Name = "hybrid", Match = "h:*" }))
            .AddHybridCache(options => options.MaximumKeyLength = 5);
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
}
