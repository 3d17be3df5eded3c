using Microsoft.Extensions.Caching.Distributed;
using Microsoft.Extensions.Caching.Memory;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Options;
using NearCache.Memcached.Protocol;
using NearCache.Remote;
using NearCache.Remote.DistributedCache;
using NearCache.Tests.Adapters.Hybrid;

namespace NearCache.Tests.Remote.DistributedCache;

/// <summary>
/// A vendor's IDistributedCache as the remote: what works, what does not, and how that is said. Here without ZooKeeper, so that nothing is
/// near.
/// </summary>
public sealed class DistributedCacheRemoteTests : IDisposable
{
    private readonly DirectoryInfo _folder = Directory.CreateTempSubdirectory("nearcache-other-");

    public void Dispose() => _folder.Delete(recursive: true);

    [Theory]
    [InlineData("memory")]
    [InlineData("file")]
    public async Task Values_are_stored_read_and_removed(string vendor)
    {
        await using var cache = Make(Vendor(vendor));
        await cache.SetAsync("text", "größe");
        await cache.SetAsync<string?>("null", null);
        await cache.SetManyAsync(new Dictionary<string, int> { ["one"] = 1, ["two"] = 2 });

        var text = await cache.GetAsync<string>("text");
        Assert.Equal(("größe", CacheSource.Remote, CacheVersion.None), (text.Value, text.Source, text.Version));
        Assert.Equal((true, null), ((await cache.GetAsync<string?>("null")).HasValue, (await cache.GetAsync<string?>("null")).Value));
        Assert.False((await cache.GetAsync<string>("absent")).HasValue);
        var many = await cache.GetManyAsync<int>(["one", "two", "three"]);
        Assert.Equal((1, 2, false), (many["one"].Value, many["two"].Value, many["three"].HasValue));
        Assert.True(await cache.RemoveAsync("text"));
        Assert.True(await cache.RemoveAsync("absent"));
        Assert.False((await cache.GetAsync<string>("text")).HasValue);
        await cache.RemoveManyAsync(["one", "two"]);
        Assert.False((await cache.GetAsync<int>("two")).HasValue);
    }

    [Theory]
    [InlineData("memory")]
    [InlineData("file")]
    public async Task A_value_is_made_once_and_found_by_the_next_process(string vendor)
    {
        var remote = Vendor(vendor);
        var runs = 0;
        await using (var cache = Make(remote))
        {
            var source = new TaskCompletionSource<string>();
            var calls = Enumerable.Range(0, 20).Select(_ => cache.GetOrCreateAsync("key", async _ =>
            {
                Interlocked.Increment(ref runs);
                return await source.Task;
            }).AsTask()).ToArray();
            source.SetResult("made");
            Assert.All(await Task.WhenAll(calls), value => Assert.Equal("made", value));
        }

        await using var next = Make(remote);
        Assert.Equal("made", await next.GetOrCreateAsync("key", _ => ValueTask.FromResult("made again")));
        Assert.Equal(1, runs);
    }

    [Theory]
    [InlineData("memory")]
    [InlineData("file")]
    public async Task The_faces_work_over_it(string vendor)
    {
        var remote = Vendor(vendor);
        await using var cache = Make(remote);
        await using var other = Make(remote);
        var (hybrid, elsewhere) = (new NearHybridCache(cache), new NearHybridCache(other));
        Assert.Equal("one", await hybrid.MakeAsync("1", "one", "tag"));
        Assert.Equal("one", await elsewhere.MakeAsync("1", "two", "tag"));
        await elsewhere.RemoveByTagAsync("tag");
        Assert.Null(await hybrid.AnywhereAsync("1"));
        Assert.Equal("two", await hybrid.MakeAsync("1", "two", "tag"));
        await elsewhere.RemoveByTagAsync("*");
        Assert.Null(await hybrid.AnywhereAsync("1"));

        var distributed = new NearDistributedCache(cache);
        await distributed.SetStringAsync(
            "1", "kept", new DistributedCacheEntryOptions { AbsoluteExpirationRelativeToNow = TimeSpan.FromHours(1) });
        await distributed.RefreshAsync("1");
        Assert.Equal("kept", await new NearDistributedCache(other).GetStringAsync("1"));
    }

    [Fact]
    public async Task What_only_memcached_can_do_says_so()
    {
        await using var cache = Make(Vendor("memory"));
        var distributed = new NearDistributedCache(cache);

        foreach (var call in new Func<Task>[]
        {
            () => cache.AddAsync("key", 1),
            () => cache.CompareAndSetAsync("key", 1, new CacheVersion(1, 1)),
            () => cache.TouchAsync("key", TimeSpan.FromMinutes(1)),
            () => cache.IncrementAsync("counter"),
            () => cache.Locks.TryAcquireAsync("lock"),
            () => cache.SetServersAsync(["localhost:11211"]),
            () =>
                distributed.SetStringAsync(
                    "key", "value", new DistributedCacheEntryOptions { SlidingExpiration = TimeSpan.FromMinutes(1) }),
        })
        {
            var refusal = await Assert.ThrowsAsync<NotSupportedException>(call);
            Assert.Contains("memcached", refusal.Message, StringComparison.Ordinal);
        }

        Assert.False((await cache.GetAsync<int>("key")).HasValue);
    }

    [Fact]
    public async Task Without_ZooKeeper_nothing_is_near_and_no_rule_can_be_added()
    {
        await using var cache = Make(Vendor("memory"));
        await cache.SetAsync("product:1", "value");
        await Assert.ThrowsAsync<NearCacheException>(
            () =>
                cache.Rules.AddAsync(
                    new RuleOptions { Name = "products", Match = "product:*" }, new EditReason { Who = "test", Why = "near" }));
        for (var i = 0; i < 10; i++)
        {
            Assert.Equal(CacheSource.Remote, (await cache.GetAsync<string>("product:1")).Source);
        }

        Assert.Equal(0, cache.Snapshot().NearEntries);
    }

    [Fact]
    public async Task A_vendor_that_fails_is_a_miss_to_readers_and_an_error_to_writers()
    {
        var remote = (FileDistributedCache)Vendor("file");
        await using var cache = Make(remote);
        await using var strict = Make(remote, options => options.OnRemoteFailure = RemoteFailurePolicy.Throw);
        await cache.SetAsync("key", "value");
        remote.Fault = new IOException("The disk is gone.");

        Assert.False((await cache.GetAsync<string>("key")).HasValue);
        Assert.Equal("made", await cache.GetOrCreateAsync("key", _ => ValueTask.FromResult("made")));
        Assert.IsType<IOException>((await Assert.ThrowsAsync<NearCacheException>(() => cache.SetAsync("key", "new"))).InnerException);
        Assert.IsType<IOException>((await Assert.ThrowsAsync<NearCacheException>(() => cache.RemoveAsync("key"))).InnerException);
        Assert.IsType<IOException>(
            (await Assert.ThrowsAsync<NearCacheException>(async () => await strict.GetAsync<string>("key"))).InnerException);
        remote.Fault = null;
        Assert.Equal("value", (await cache.GetAsync<string>("key")).Value);
    }

    [Fact]
    public async Task What_others_left_there_is_a_miss_and_replaced()
    {
        var remote = Vendor("memory");
        await using var cache = Make(remote);
        foreach (var garbage in new byte[][] { [], [1], "NC"u8.ToArray(), [.. "NC\u0002"u8, .. new byte[20]], new byte[40] })
        {
            await remote.SetAsync("key", garbage, new DistributedCacheEntryOptions());
            Assert.False((await cache.GetAsync<string>("key")).HasValue);
            Assert.Equal("made", await cache.GetOrCreateAsync("key", _ => ValueTask.FromResult("made")));
            Assert.Equal("made", (await cache.GetAsync<string>("key")).Value);
        }
    }

    // docs/formats.md, "Items in another remote".
    [Fact]
    public async Task An_item_is_stored_as_documented()
    {
        var bytes = DistributedCacheItem.Write(
            MetaCommand.Set("key"u8.ToArray(), "größe"u8.ToArray()) with { ClientFlags = 0x4E43_0101 },
            new DateTimeOffset(2030, 1, 1, 12, 0, 0, TimeSpan.Zero));
        Assert.Equal("4e4301" + "4e430101" + "000001b8dd58e200" + "6772c3b6c39f65", Convert.ToHexStringLower(bytes));

        var remote = Vendor("memory");
        await using var cache = Make(remote, options => options.KeyPrefix = "shop/");
        await cache.SetAsync("größe", "größe");
        Assert.EndsWith("6772c3b6c39f65", Convert.ToHexStringLower((await remote.GetAsync("shop/größe"))!), StringComparison.Ordinal);
    }

    [Fact]
    public void A_value_may_live_longer_than_a_month()
    {
        var now = new DateTimeOffset(2030, 1, 1, 12, 0, 0, TimeSpan.Zero);

        Assert.Null(Expiry.Lifetime(0, now));
        Assert.Equal(TimeSpan.FromDays(30), Expiry.Lifetime(30 * 86400, now));
        Assert.Equal(TimeSpan.FromDays(100), Expiry.Lifetime((int)now.AddDays(100).ToUnixTimeSeconds(), now));
    }

    [Fact]
    public async Task One_line_makes_the_vendors_cache_the_remote()
    {
        var services = new ServiceCollection();
        services.AddDistributedMemoryCache();
        services.AddNearCache(options => options.KeyPrefix = "").UseDistributedCache().AddHybridCache().AddDistributedCache();
        await using var provider = services.BuildServiceProvider();

        await provider.GetRequiredService<INearCache>().SetAsync("key", "value");
        var remote = provider.GetRequiredService<IOptionsMonitor<NearCacheOptions>>().CurrentValue.DistributedCache;

        Assert.IsType<MemoryDistributedCache>(remote);
        Assert.NotNull(await remote.GetAsync("key"));
        Assert.IsType<NearDistributedCache>(provider.GetRequiredService<IDistributedCache>());
    }

    [Fact]
    public async Task Whoever_asks_for_the_vendors_cache_gets_the_one_that_is_the_remote()
    {
        var services = new ServiceCollection();
        services.AddDistributedMemoryCache();
        services.AddNearCache("orders", options => options.Namespace = "orders").UseDistributedCache();
        await using var provider = services.BuildServiceProvider();

        await provider.GetRequiredKeyedService<INearCache>("orders").SetAsync("key", "value");

        Assert.NotNull(
            await Assert.IsType<MemoryDistributedCache>(provider.GetRequiredService<IDistributedCache>()).GetAsync("orders:key"));
    }

    [Fact]
    public void A_cache_cannot_be_its_own_remote()
    {
        var services = new ServiceCollection();
        var builder = services.AddNearCache(_ => { });
        Assert.Contains(
            "AddStackExchangeRedisCache",
            Assert.Throws<InvalidOperationException>(() => builder.UseDistributedCache()).Message,
            StringComparison.Ordinal);
        builder.AddDistributedCache();
        Assert.Contains(
            "then AddDistributedCache",
            Assert.Throws<InvalidOperationException>(() => builder.UseDistributedCache()).Message,
            StringComparison.Ordinal);
    }

    [Fact]
    public async Task With_it_a_host_starts_in_production()
    {
        var builder = Host.CreateApplicationBuilder(new HostApplicationBuilderSettings { EnvironmentName = "Production" });
        builder.Services.AddDistributedMemoryCache();
        builder.Services.AddNearCache(options => options.KeyPrefix = "").UseDistributedCache();
        using var host = builder.Build();
        await host.StartAsync();
        await host.StopAsync();
    }

    private static NearCacheClient Make(IDistributedCache remote, Action<NearCacheOptions>? configure = null)
    {
        var options = new NearCacheOptions { KeyPrefix = "", DistributedCache = remote };
        configure?.Invoke(options);
        return new NearCacheClient(options);
    }

    private IDistributedCache Vendor(string vendor) => vendor == "file"
        ? new FileDistributedCache(_folder.FullName)
        : new MemoryDistributedCache(Microsoft.Extensions.Options.Options.Create(new MemoryDistributedCacheOptions()));
}
