using NearCache;
using Storefront.Source;

namespace Storefront.Endpoints;

/// <summary>Site parameters, read on every page and changed once a week. A rule keeps them near.</summary>
internal static class ParameterEndpoints
{
    public static void MapParameters(this IEndpointRouteBuilder app)
    {
        app.MapGet("/parameters/{name}", async (string name, INearCache cache, Database database, CancellationToken cancellationToken) =>
        {
            var parameter = await cache.GetOrCreateResultAsync(
                $"parameter:{name}", token => database.FindParameterAsync(name, token), cancellationToken: cancellationToken);
            return parameter.Value is null ? Results.NotFound() : Results.Ok(DisplayedValue<string?>.Of(parameter));
        });

        app.MapPut("/parameters/{name}", async (
            string name, ParameterChange change, INearCache cache, Database database, CancellationToken cancellationToken) =>
        {
            await database.SaveParameterAsync(name, change.Value, cancellationToken);
            await cache.RemoveAsync($"parameter:{name}", cancellationToken);
            return Results.NoContent();
        });
    }

    private sealed record ParameterChange(string Value);
}
