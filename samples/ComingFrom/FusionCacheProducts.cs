using Microsoft.Extensions.DependencyInjection;
using NearCache;
using ZiggyCreatures.Caching.Fusion;

namespace ComingFrom;

/// <summary>Products in <see cref="IFusionCache"/>, with fail-safe, timeouts and eager refresh.</summary>
internal sealed class FusionCacheProducts(IFusionCache cache, ICatalog catalog)
{
    private static readonly FusionCacheEntryOptions Options = new FusionCacheEntryOptions(TimeSpan.FromMinutes(10))
        .SetFailSafe(true, TimeSpan.FromHours(2))
        .SetFactoryTimeouts(TimeSpan.FromMilliseconds(100), TimeSpan.FromSeconds(5))
        .SetEagerRefresh(0.8f);

    public async Task<Product> GetAsync(int id, CancellationToken cancellationToken) =>
        await cache.GetOrSetAsync<Product>(
            $"product:{id}", async (_, token) => await catalog.FindAsync(id, token), Options, token: cancellationToken);

    public async Task SaveAsync(Product product, CancellationToken cancellationToken)
    {
        await catalog.SaveAsync(product, cancellationToken);
        await cache.RemoveAsync($"product:{product.Id}", token: cancellationToken);
    }
}

/// <summary>The same settings, for a whole <see cref="INearCache"/>. <see cref="NearProducts"/> uses it.</summary>
internal static class NearCacheLikeFusionCache
{
    public static INearCacheBuilder AddCache(IServiceCollection services) => services.AddNearCache(options =>
    {
        options.StaleLifetime = TimeSpan.FromHours(2);
        options.FactorySoftTimeout = TimeSpan.FromMilliseconds(100);
        options.FactoryTimeout = TimeSpan.FromSeconds(5);
        options.EagerRefresh = 0.8;
        options.Rules.Add(new RuleOptions { Name = "products", Match = "product:*" });
    });
}
