using NearCache;
using Storefront.Source;

namespace Storefront.Endpoints;

/// <summary>The state of the cache in this process, and the load on the database.</summary>
internal static class DiagnosticsEndpoints
{
    public static void MapDiagnostics(this IEndpointRouteBuilder app)
    {
        app.MapGet("/diagnostics", (NearCacheClient cache) => cache.Snapshot());
        app.MapGet("/source", (Database database) =>
            new { Environment.ProcessId, database.Load.Reads, database.Load.MostAtOnce, database.Load.MostOfOneAtOnce });
    }
}
