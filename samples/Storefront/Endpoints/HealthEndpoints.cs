using Microsoft.AspNetCore.Diagnostics.HealthChecks;

namespace Storefront.Endpoints;

/// <summary>What an orchestrator asks. Alive: this process answers, whatever has become of memcached and ZooKeeper. Ready: send requests. Details: for people.</summary>
internal static class HealthEndpoints
{
    public static void MapHealth(this IEndpointRouteBuilder app)
    {
        app.MapHealthChecks("/health/live", new HealthCheckOptions { Predicate = _ => false });
        app.MapHealthChecks("/health/ready", new HealthCheckOptions { Predicate = check => check.Tags.Contains("ready") });
        app.MapHealthChecks("/health/details", new HealthCheckOptions { Predicate = check => check.Tags.Contains("details") });
    }
}
