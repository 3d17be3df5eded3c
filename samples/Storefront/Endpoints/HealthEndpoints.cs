using Microsoft.AspNetCore.Diagnostics.HealthChecks;

namespace Storefront.Endpoints;

/// <summary>
/// Health endpoints. Live: the process answers, whatever the state of memcached and ZooKeeper. Ready: it accepts requests. Details: for
/// operators.
/// </summary>
internal static class HealthEndpoints
{
    public static void MapHealth(this IEndpointRouteBuilder app)
    {
        app.MapHealthChecks("/health/live", new HealthCheckOptions { Predicate = _ => false });
        app.MapHealthChecks("/health/ready", new HealthCheckOptions { Predicate = check => check.Tags.Contains("ready") });
        app.MapHealthChecks("/health/details", new HealthCheckOptions { Predicate = check => check.Tags.Contains("details") });
    }
}
