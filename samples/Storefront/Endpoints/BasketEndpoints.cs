using NearCache;

namespace Storefront.Endpoints;

/// <summary>
/// Shopping baskets are stored only on memcached and change with every click. No rule matches them, so they are never near and cost
/// ZooKeeper nothing.
/// </summary>
internal static class BasketEndpoints
{
    private const int Attempts = 20;

    public static void MapBaskets(this IEndpointRouteBuilder app)
    {
        app.MapGet("/baskets/{user}", async (string user, INearCache cache, CancellationToken cancellationToken) =>
        {
            var basket = await cache.GetAsync<Dictionary<int, int>>($"basket:{user}", cancellationToken);
            return DisplayedValue<Dictionary<int, int>>.Of(basket);
        });

        app.MapPost("/baskets/{user}", async (string user, BasketItem item, INearCache cache, CancellationToken cancellationToken) =>
        {
            for (var attempt = 0; attempt < Attempts; attempt++)
            {
                if (await TryPutAsync(cache, $"basket:{user}", item, cancellationToken))
                {
                    return Results.NoContent();
                }

                // Another request changed the basket between the read and the write: retry.
            }

            return Results.Conflict();
        });

        app.MapDelete("/baskets/{user}", async (string user, INearCache cache, CancellationToken cancellationToken) =>
        {
            await cache.RemoveAsync($"basket:{user}", cancellationToken);
            return Results.NoContent();
        });
    }

    private static async Task<bool> TryPutAsync(INearCache cache, string key, BasketItem item, CancellationToken cancellationToken)
    {
        var found = await cache.GetAsync<Dictionary<int, int>>(key, cancellationToken);
        var basket = found.Value ?? [];
        basket[item.Product] = basket.GetValueOrDefault(item.Product) + item.Quantity;
        return found.HasValue
            ? await cache.CompareAndSetAsync(key, basket, found.Version, cancellationToken: cancellationToken)
            : await cache.AddAsync(key, basket, cancellationToken: cancellationToken);
    }

    private sealed record BasketItem(int Product, int Quantity);
}
