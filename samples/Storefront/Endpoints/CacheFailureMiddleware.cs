using NearCache;

namespace Storefront.Endpoints;

/// <summary>Maps a failed write of the cache to a response that asks the client to retry.</summary>
/// <remarks>
/// Reads never fail: they continue from the database. After a failure the database may hold a change that the cache lacks, and readers
/// get the old value until the write is repeated. All writes of this sample are safe to repeat.
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
            await Results.Problem(e.Message, statusCode: StatusCodes.Status503ServiceUnavailable, title: "The cache could not be updated.")
                .ExecuteAsync(context);
        }
    }
}
