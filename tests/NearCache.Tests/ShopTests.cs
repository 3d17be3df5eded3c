using NearCache.TestSupport;

namespace NearCache.Tests;

/// <summary>The example of docs/testing.md: how a user tests his own class that takes an <see cref="INearCache"/>.</summary>
public sealed class ShopTests
{
    [Fact]
    public async Task A_price_is_asked_for_once_and_again_after_a_change()
    {
        await using var cache = new NearCacheClient(new NearCacheOptions());
        var source = new PriceSource { Price = 10 };
        var shop = new Shop(cache, source);

        Assert.Equal(10, await shop.PriceAsync("raincoat"));
        Assert.Equal(10, await shop.PriceAsync("raincoat"));
        await shop.ChangeAsync("raincoat", 12);
        Assert.Equal(12, await shop.PriceAsync("raincoat"));
        Assert.Equal(2, source.Asked);
    }

    [Fact]
    public async Task A_price_is_asked_for_again_after_an_hour()
    {
        var time = new ManualTime();
        await using var cache = new NearCacheClient(
            new NearCacheOptions { Rules = { new RuleOptions { Name = "prices", Match = "price:*" } } }, timeProvider: time);
        var source = new PriceSource { Price = 10 };
        var shop = new Shop(cache, source);

        await shop.PriceAsync("raincoat");
        time.Advance(TimeSpan.FromMinutes(30));
        await shop.PriceAsync("raincoat");
        Assert.Equal(1, source.Asked);
        time.Advance(TimeSpan.FromMinutes(31));
        await shop.PriceAsync("raincoat");
        Assert.Equal(2, source.Asked);
    }

    [Fact]
    public async Task A_product_is_near_on_the_second_read()
    {
        await using var cache = new NearCacheClient(
            new NearCacheOptions { Rules = { new RuleOptions { Name = "prices", Match = "price:*" } } });
        await cache.SetAsync("price:raincoat", 10);

        Assert.Equal(CacheSource.Remote, (await cache.GetAsync<int>("price:raincoat")).Source);
        Assert.Equal(CacheSource.Near, (await cache.GetAsync<int>("price:raincoat")).Source);
    }

    private sealed class Shop(INearCache cache, PriceSource source)
    {
        public ValueTask<int> PriceAsync(string name) => cache.GetOrCreateAsync($"price:{name}", _ => source.FindAsync());

        public async Task ChangeAsync(string name, int price)
        {
            source.Price = price;
            await cache.RemoveAsync($"price:{name}");
        }
    }

    private sealed class PriceSource
    {
        public int Price { get; set; }

        public int Asked { get; private set; }

        public ValueTask<int> FindAsync()
        {
            Asked++;
            return ValueTask.FromResult(Price);
        }
    }
}
