using NearCache;
using Storefront.Source;

namespace Storefront.Endpoints;

/// <summary>The data of a product page, read far more often than changed. A rule keeps it near.</summary>
internal static class ProductEndpoints
{
    public static void MapProducts(this IEndpointRouteBuilder app)
    {
        app.MapGet("/products/{id:int}", async (int id, INearCache cache, Database database, CancellationToken cancellationToken) =>
        {
            var product = await cache.GetOrCreateResultAsync(
                $"product:{id}", token => database.FindProductAsync(id, token), cancellationToken: cancellationToken);
            return product.Value is null ? Results.NotFound() : Results.Ok(DisplayedValue<Product?>.Of(product));
        });

        // The database first, then the cache. Remove instead of set: only the database knows which of two concurrent changes is the last.
        app.MapPut("/products/{id:int}", async (
            int id, ProductChange change, INearCache cache, Database database, CancellationToken cancellationToken) =>
        {
            await database.SaveAsync(new Product(id, change.Name, change.Price), cancellationToken);
            await cache.RemoveAsync($"product:{id}", cancellationToken);
            return Results.NoContent();
        });
    }

    private sealed record ProductChange(string Name, decimal Price);
}
