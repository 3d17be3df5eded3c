using NearCache;
using Storefront.Source;

namespace Storefront.Endpoints;

/// <summary>What the cache is doing in this process, and how much the database had to do.</summary>
internal static class DiagnosticsEndpoints
{
    public static void MapDiagnostics(this IEndpointRouteBuilder app)
    {
        app.MapGet("/diagnostics", (NearCacheClient cache) => cache.Snapshot());
        app.MapGet("/source", (Database database) => new { Environment.ProcessId, database.Load.Reads, database.Load.MostAtOnce, database.Load.MostOfOneAtOnce });
    }
}
