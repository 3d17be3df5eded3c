using Microsoft.Extensions.Caching.Distributed;
using Microsoft.Extensions.Logging;
using NearCache.TestSupport;
using NearCache.TestSupport.Diagnostics;

namespace NearCache.Tests.Remote.Values;

/// <summary>Keys, tags and values that cannot be stored: the error names what is wrong and what can be done.</summary>
public sealed class RefusedInputTests
{
    private const string Half = "product:\ud83d";

    [Theory]
    [InlineData(LongKeyPolicy.Refuse)]
    [InlineData(LongKeyPolicy.Hash)]
    public async Task Half_a_surrogate_pair_in_a_key_is_an_error_that_says_so(LongKeyPolicy longKeys)
    {
        await using var cache = new NearCacheClient(
            new NearCacheOptions { LongKeys = longKeys, Rules = { new RuleOptions { Name = "all", Match = "product:*" } } });
        var distributed = new NearDistributedCache(cache);
        foreach (var call in new Func<Task>[]
        {
            () => cache.SetAsync(Half, 1),
            () => cache.AddAsync(Half, 1),
            () => cache.RemoveAsync(Half),
            () => cache.TouchAsync(Half, TimeSpan.FromMinutes(1)),
            () => cache.SetManyAsync([KeyValuePair.Create(Half, 1)]),
            () => cache.RemoveManyAsync([Half]),
            () => cache.IncrementAsync(Half),
            async () => await cache.GetAsync<int>(Half),
            async () => await cache.GetAsync<int>(Half.AsSpan()),
            async () => await cache.GetManyAsync<int>([Half]),
            async () => await cache.GetOrCreateAsync(Half, _ => ValueTask.FromResult(1)),
            async () => await cache.Locks.TryAcquireAsync(Half),
            () => distributed.SetAsync(Half, [1], new DistributedCacheEntryOptions()),
            () => distributed.GetAsync(Half),
            () => distributed.RemoveAsync(Half),
        })
        {
            IsDocumented(await Assert.ThrowsAsync<ArgumentException>(call));
        }
    }

    [Fact]
    public async Task Half_a_surrogate_pair_in_a_tag_is_an_error_that_says_so()
    {
        await using var client = new NearCacheClient(new NearCacheOptions());
        var cache = new NearHybridCache(client);
        foreach (var call in new Func<Task>[]
        {
            async () => await cache.SetAsync("key", 1, tags: [Half]),
            async () => await cache.GetOrCreateAsync("key", _ => ValueTask.FromResult(1), tags: ["whole", Half]),
            async () => await cache.RemoveByTagAsync(Half),
            async () => await cache.RemoveByTagAsync([Half]),
        })
        {
            IsDocumented(await Assert.ThrowsAsync<ArgumentException>(call));
        }
    }

    [Fact]
    public async Task Half_a_surrogate_pair_in_a_text_is_an_error_that_says_so()
    {
        await using var client = new NearCacheClient(new NearCacheOptions());
        IsDocumented(await Assert.ThrowsAsync<ArgumentException>(() => client.SetAsync("key", Half)));
        IsDocumented(await Assert.ThrowsAsync<ArgumentException>(async () => await new NearHybridCache(client).SetAsync("key", Half)));
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task A_value_as_large_as_an_item_is_an_error_that_names_the_setting_and_the_option(bool isNear)
    {
        using var log = new LogRecorder(LogLevel.Debug);
        await using var cache = new NearCacheClient(
            new NearCacheOptions { Rules = { new RuleOptions { Name = "near", Match = "near:*" } } }, log);

        await SaysWhatToDoAsync(cache, log, isNear ? "near:large" : "large");
    }

    internal static async Task SaysWhatToDoAsync(NearCacheClient cache, LogRecorder log, string key)
    {
        var value = new byte[1 << 20];
        foreach (var call in new Func<Task>[]
        {
            () => cache.SetAsync(key, value),
            () => cache.SetManyAsync([KeyValuePair.Create(key, value)]),
            () => cache.AddAsync(key, value),
            () => new NearDistributedCache(cache).SetAsync(key, new byte[(1 << 20) - 30], new DistributedCacheEntryOptions()),
            async () => await new NearHybridCache(cache).SetAsync(key, new byte[(1 << 20) - 30]),
        })
        {
            var refused = await Assert.ThrowsAsync<NearCacheException>(call);
            Assert.Contains("-I", refused.Message, StringComparison.Ordinal);
            Assert.Contains("Memcached:MaxValueBytes", refused.Message, StringComparison.Ordinal);
        }

        // A factory's caller gets its value. While little is known of a server, its value is not stored anyway.
        await Eventually.BecomesTrueAsync(
            async () => (await cache.GetOrCreateAsync(key, _ => ValueTask.FromResult(value))).Length == value.Length
                && log.Texts.Any(
                    text => text.Contains("fill", StringComparison.Ordinal) && text.Contains("not stored", StringComparison.Ordinal)),
            "the log says that it is not stored");
        var above = await Assert.ThrowsAsync<NearCacheException>(() => cache.SetAsync(key, new byte[(1 << 20) + 1]));
        Assert.Contains("MaxValueBytes", above.Message, StringComparison.Ordinal);
    }

    private static void IsDocumented(ArgumentException exception) =>
        Assert.Contains("must not contain half of a surrogate pair", exception.Message, StringComparison.Ordinal);
}
