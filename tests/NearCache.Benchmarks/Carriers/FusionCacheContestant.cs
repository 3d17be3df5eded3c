using Microsoft.Extensions.Caching.Memory;
using Microsoft.Extensions.Caching.StackExchangeRedis;
using ZiggyCreatures.Caching.Fusion;
using ZiggyCreatures.Caching.Fusion.Backplane.StackExchangeRedis;
using ZiggyCreatures.Caching.Fusion.Serialization.SystemTextJson;

namespace NearCache.Benchmarks.Carriers;

/// <summary>FusionCache with Redis as its second level and as its backplane, with default settings.</summary>
internal sealed class FusionCacheContestant : CarrierLatency.Contestant
{
    private readonly FusionCache _writer;
    private readonly FusionCache _reader;

    public FusionCacheContestant(string name, string redis)
        : base(name) => (_writer, _reader) = (Make(redis), Make(redis));

    public override async Task WarmUpAsync()
    {
        await WriteAsync("first");
        while ((await ReadAsync()).Value != "first")
        {
            await Task.Delay(TimeSpan.FromMilliseconds(10), TimeProvider.System);
        }
    }

    public override async ValueTask<(string? Value, bool IsLocal)> ReadAsync()
    {
        var read = _reader.TryGetAsync<string>(Key);
        var isLocal = read.IsCompletedSuccessfully;
        var result = await read;
        return (result.HasValue ? result.Value : null, isLocal && result.HasValue);
    }

    public override ValueTask DisposeAsync()
    {
        _writer.Dispose();
        _reader.Dispose();
        return ValueTask.CompletedTask;
    }

    protected override Task WriteAsync(string value) => _writer.SetAsync(Key, value, TimeSpan.FromMinutes(10)).AsTask();

    private static FusionCache Make(string redis)
    {
        var cache = new FusionCache(new FusionCacheOptions { CacheName = "products" }, new MemoryCache(new MemoryCacheOptions()));
        cache.SetupDistributedCache(
            new RedisCache(new RedisCacheOptions { Configuration = redis }), new FusionCacheSystemTextJsonSerializer());
        cache.SetupBackplane(new RedisBackplane(new RedisBackplaneOptions { Configuration = redis }));
        return cache;
    }
}
