using System.Text;
using Microsoft.AspNetCore.Http;
using NearCache.Management.Security;

namespace NearCache.Management.Api;

/// <summary>All routes of the console. What is not here is not answered.</summary>
internal static class Routes
{
    /// <summary>Gets the routes of the API.</summary>
    public static IReadOnlyList<ConsoleRoute> Api { get; } =
    [
        .. OverviewRoutes.All,
        .. RuleRoutes.All,
        .. StopRoutes.All,
        .. ProcessRoutes.All,
        .. ServerRoutes.All,
        .. EnsembleRoutes.All,
        .. KeyRoutes.All,
        .. HotRoutes.All,
    ];

    /// <summary>Gets all routes.</summary>
    public static IReadOnlyList<ConsoleRoute> All { get; } =
    [
        .. Api,
        Text(ConsoleRoute.Api + "openapi.json", "This document.", "application/json", _ => OpenApiDocument.Text),
        Text("metrics", "Figures of the fleets, for Prometheus.", "text/plain; version=0.0.4; charset=utf-8", MetricsOf),
        .. PageRoutes.All,
    ];

    private static ConsoleRoute Text(string pattern, string summary, string mediaType, Func<ConsoleRequest, string> text) => new(
        HttpMethods.Get, pattern, ConsolePermission.View, summary, request =>
        {
            request.Http.Response.ContentType = mediaType;
            return request.Http.Response.WriteAsync(text(request), Encoding.UTF8, request.Aborted);
        })
    {
        MediaType = mediaType,
    };

    private static string MetricsOf(ConsoleRequest request) =>
        PrometheusText.Of(request.Console.Fleets.Select(fleet => fleet.Collector.State), request.Console.Time.GetUtcNow());
}
