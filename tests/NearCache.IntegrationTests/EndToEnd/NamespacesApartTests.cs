using Microsoft.Extensions.Caching.Distributed;
using Microsoft.Extensions.Caching.Hybrid;
using NearCache.Memcached;
using NearCache.TestSupport;
using NearCache.TestSupport.Servers;

namespace NearCache.IntegrationTests.EndToEnd;

/// <summary>Two namespaces on one memcached use the same keys through every adapter, and neither reads the other's values.</summary>
public sealed class NamespacesApartTests
{
    private const string Key = "product:1";

    [Fact]
    public async Task Namespaces_on_one_memcached_are_apart_by_every_face_near_and_far()
    {
        await using var memcached = await MemcachedProcess.StartNewAsync();
        await using var shop = Make(memcached, "shop");
        await using var stock = Make(memcached, "stock");
        await Eventually.BecomesTrueAsync(
            async () =>
                await TryAsync(() => shop.SetAsync(Key, "of the shop")) && await TryAsync(() => stock.SetAsync(Key, "of the stock")),
            "both are connected");
        var (shopHybrid, stockHybrid) = (new NearHybridCache(shop), new NearHybridCache(stock));
        var (shopBytes, stockBytes) = (new NearDistributedCache(shop), new NearDistributedCache(stock));
        await shopHybrid.SetAsync(Key, "hybrid of the shop", tags: ["all"]);
        await stockHybrid.SetAsync(Key, "hybrid of the stock", tags: ["all"]);
        await shopBytes.SetStringAsync(Key, "bytes of the shop");
        await stockBytes.SetStringAsync(Key, "bytes of the stock");

        await Eventually.BecomesTrueAsync(async () => await IsNearAsync(shop) && await IsNearAsync(stock), "both keep it near");
        Assert.Equal(
            ("of the shop", "of the stock"), ((await shop.GetAsync<string>(Key)).Value, (await stock.GetAsync<string>(Key)).Value));
        Assert.Equal(("hybrid of the shop", "hybrid of the stock"), (await ReadAsync(shopHybrid), await ReadAsync(stockHybrid)));
        Assert.Equal(
            ("bytes of the shop", "bytes of the stock"), (await shopBytes.GetStringAsync(Key), await stockBytes.GetStringAsync(Key)));

        await stock.RemoveAsync(Key);
        await stockHybrid.RemoveByTagAsync("all");
        await stockBytes.RemoveAsync(Key);
        Assert.Equal(("of the shop", false), ((await shop.GetAsync<string>(Key)).Value, (await stock.GetAsync<string>(Key)).HasValue));
        Assert.Equal(("hybrid of the shop", null), (await ReadAsync(shopHybrid), await ReadAsync(stockHybrid)));
        Assert.Equal(("bytes of the shop", null), (await shopBytes.GetStringAsync(Key), await stockBytes.GetStringAsync(Key)));

        await using var other = new MemcachedClient(new MemcachedOptions { Servers = { memcached.Address } });
        Assert.Equal("shop:"u8.ToArray(), await other.GetAsync("~nc:1:shop:prefix"));
        Assert.NotNull(await other.GetAsync($"shop:{Key}"));
        Assert.Null(await other.GetAsync(Key));
    }

    private static async ValueTask<string?> ReadAsync(NearHybridCache cache) =>
        await cache.GetOrCreateAsync<string?>(
            Key,
            _ => ValueTask.FromResult<string?>(null),
            new HybridCacheEntryOptions { Flags = HybridCacheEntryFlags.DisableUnderlyingData });

    private static async Task<bool> IsNearAsync(NearCacheClient cache) => (await cache.GetAsync<string>(Key)).Source == CacheSource.Near;

    private static async Task<bool> TryAsync(Func<Task> write)
    {
        try
        {
            await write();
            return true;
        }
        catch (NearCacheException)
        {
            return false;
        }
    }

    private static NearCacheClient Make(MemcachedProcess memcached, string @namespace) => new(new NearCacheOptions
    {
        Namespace = @namespace,
        RuleLease = TimeSpan.FromMilliseconds(1001),
        Memcached = { Servers = { memcached.Address } },
        Rules = { new RuleOptions { Name = "products", Match = "product:*" }, new RuleOptions { Name = "hybrid", Match = "h:*" },
            new RuleOptions { Name = "bytes", Match = "d:*" } },
    });
}
