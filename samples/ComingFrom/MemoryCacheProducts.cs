using Microsoft.Extensions.Caching.Memory;
using NearCache;

namespace ComingFrom;

/// <summary>Products in <see cref="IMemoryCache"/>: each process keeps its own, and keeps it until it expires.</summary>
internal sealed class MemoryCacheProducts(IMemoryCache cache, ICatalog catalog)
{
    public Task<Product?> GetAsync(int id, CancellationToken cancellationToken) =>
        cache.GetOrCreateAsync($"product:{id}", async entry =>
        {
            entry.AbsoluteExpirationRelativeToNow = TimeSpan.FromMinutes(10);
            return await catalog.FindAsync(id, cancellationToken);
        });

    public async Task SaveAsync(Product product, CancellationToken cancellationToken)
    {
        await catalog.SaveAsync(product, cancellationToken);
        cache.Remove($"product:{product.Id}");   // the other processes keep the old one
    }
}

/// <summary>The same in <see cref="INearCache"/>: what one process removes, no process shows for longer than MaxStaleness.</summary>
internal sealed class NearProducts(INearCache cache, ICatalog catalog)
{
    private static readonly CacheEntryOptions TenMinutes = new() { Lifetime = TimeSpan.FromMinutes(10) };

    public ValueTask<Product> GetAsync(int id, CancellationToken cancellationToken) =>
        cache.GetOrCreateAsync($"product:{id}", token => catalog.FindAsync(id, token), TenMinutes, cancellationToken);

    public async Task SaveAsync(Product product, CancellationToken cancellationToken)
    {
        await catalog.SaveAsync(product, cancellationToken);
        await cache.RemoveAsync($"product:{product.Id}", cancellationToken);
    }
}
