using Microsoft.Extensions.Caching.Distributed;
using Microsoft.Extensions.Caching.StackExchangeRedis;
using NearCache.Tests.Adapters.Hybrid;
using NearCache.TestSupport;
using NearCache.TestSupport.Servers;

namespace NearCache.Tests.Remote.DistributedCache;

/// <summary>A real Redis as the remote, through Microsoft's package.</summary>
public sealed class RedisRemoteTests : IAsyncLifetime
{
    private readonly List<RedisCache> _opened = [];
    private RedisProcess _redis = null!;

    public async ValueTask InitializeAsync() => _redis = await RedisProcess.StartNewAsync();

    public async ValueTask DisposeAsync()
    {
        foreach (var cache in _opened)
        {
            cache.Dispose();
        }

        await _redis.DisposeAsync();
    }

    [Fact]
    public async Task The_whole_face_works()
    {
        var options = new NearCacheOptions { DistributedCache = Open() };
        await using var cache = new NearCacheClient(options);
        await cache.SetAsync("text", "größe");
        await cache.SetManyAsync(new Dictionary<string, int> { ["one"] = 1, ["two"] = 2 });
        var text = await cache.GetAsync<string>("text");
        Assert.Equal(("größe", CacheSource.Remote), (text.Value, text.Source));
        var many = await cache.GetManyAsync<int>(["one", "two", "three"]);
        Assert.Equal((1, 2, false), (many["one"].Value, many["two"].Value, many["three"].HasValue));
        await cache.RemoveManyAsync(["one", "two"]);
        Assert.False((await cache.GetAsync<int>("two")).HasValue);
        Assert.Equal("made", await cache.GetOrCreateAsync("key", _ => ValueTask.FromResult("made")));
        Assert.Equal("made", await cache.GetOrCreateAsync("key", _ => ValueTask.FromResult("made again")));

        var hybrid = new NearHybridCache(cache);
        Assert.Equal("tagged", await hybrid.MakeAsync("1", "tagged", "tag"));
        await hybrid.RemoveByTagAsync("tag");
        Assert.Equal("made anew", await hybrid.MakeAsync("1", "made anew", "tag"));

        var distributed = new NearDistributedCache(cache);
        await distributed.SetStringAsync("session", "bytes", new DistributedCacheEntryOptions());
        Assert.Equal("bytes", await distributed.GetStringAsync("session"));

        await cache.SetAsync("short", 1, new CacheEntryOptions { Lifetime = TimeSpan.FromSeconds(1) });
        await Eventually.BecomesTrueAsync(async () => !(await cache.GetAsync<int>("short")).HasValue, "an item expires");
        await Assert.ThrowsAsync<NotSupportedException>(() => cache.IncrementAsync("count"));
    }

    [Fact]
    public async Task A_change_is_announced_and_a_factory_that_overwrote_one_does_not_keep_it()
    {
        await using var fleet = await DistributedCacheFleet.StartAsync("redis", open: Open);
        await fleet.Here.SetAsync("product:1", "old");
        await DistributedCacheFleet.NearAsync(fleet.There, "product:1", "old");
        await fleet.Here.SetAsync("product:1", "new");
        await DistributedCacheFleet.SeesAsync(fleet.There, "product:1", "new");

        await fleet.OverwriteChangeAsync("product:2");
        fleet.Ensemble.Servers[0].CatchUp();
        await DistributedCacheFleet.SeesAsync(fleet.There, "product:2", null);
        Assert.Equal("new", await fleet.There.GetOrCreateAsync("product:2", _ => ValueTask.FromResult("new")));
        await DistributedCacheFleet.SeesAsync(fleet.Here, "product:2", "new");
    }

    private RedisCache Open()
    {
        var cache = new RedisCache(
            Microsoft.Extensions.Options.Options.Create(new RedisCacheOptions { Configuration = _redis.Address }));
        _opened.Add(cache);
        return cache;
    }
}
