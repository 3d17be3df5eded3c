using NearCache;

namespace Storefront.Endpoints;

/// <summary>The number of views of a product: a counter on memcached. Counters are never near, whatever the rules.</summary>
internal static class ViewEndpoints
{
    public static void MapViews(this IEndpointRouteBuilder app)
    {
        app.MapPost("/products/{id:int}/views", (int id, INearCache cache, CancellationToken cancellationToken) =>
            CountAsync(id, 1, cache, cancellationToken));
        app.MapGet("/products/{id:int}/views", (int id, INearCache cache, CancellationToken cancellationToken) =>
            CountAsync(id, 0, cache, cancellationToken));
    }

    private static async Task<DisplayedValue<long>> CountAsync(int id, long views, INearCache cache, CancellationToken cancellationToken) =>
        new(await cache.IncrementAsync($"product-views:{id}", views, cancellationToken: cancellationToken), "remote", 0);
}
