using NearCache;
using Storefront.Source;

namespace Storefront.Endpoints;

/// <summary>A product page's data: read far more often than changed, so a rule keeps it near.</summary>
internal static class ProductEndpoints
{
    public static void MapProducts(this IEndpointRouteBuilder app)
    {
        app.MapGet("/products/{id:int}", async (int id, INearCache cache, Database database, CancellationToken cancellationToken) =>
        {
            var product = await cache.GetOrCreateResultAsync($"product:{id}", token => database.FindProductAsync(id, token), cancellationToken: cancellationToken);
            return product.Value is null ? Results.NotFound() : Results.Ok(DisplayedValue<Product?>.Of(product));
        });

        // First the database, then the cache. Removed rather than set: of two changes at once the database knows which came last.
        app.MapPut("/products/{id:int}", async (int id, ProductChange change, INearCache cache, Database database, CancellationToken cancellationToken) =>
        {
            await database.SaveAsync(new Product(id, change.Name, change.Price), cancellationToken);
            await cache.RemoveAsync($"product:{id}", cancellationToken);
            return Results.NoContent();
        });
    }

    private sealed record ProductChange(string Name, decimal Price);
}
