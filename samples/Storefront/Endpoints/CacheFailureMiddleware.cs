using NearCache;

namespace Storefront.Endpoints;

/// <summary>What a failed write of the cache means to a client: nothing is wrong with the request, so make it again.</summary>
/// <remarks>
/// Reads never come here, they go on from the database. A change may stand in the database and not yet in the cache, where readers find the old value until the
/// write is repeated; every write of a value here may be repeated.
/// </remarks>
internal sealed class CacheFailureMiddleware(RequestDelegate next)
{
    public async Task InvokeAsync(HttpContext context)
    {
        try
        {
            await next(context);
        }
        catch (NearCacheException e) when (!context.Response.HasStarted)
        {
            context.Response.Headers.RetryAfter = "1";
            await Results.Problem(e.Message, statusCode: StatusCodes.Status503ServiceUnavailable, title: "The cache could not be told.").ExecuteAsync(context);
        }
    }
}
