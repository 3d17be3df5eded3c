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
        Text(ConsoleRoute.Api + "openapi.json", "This document.", "application/json", _ => Task.FromResult(OpenApiDocument.Text)),
        Text(ConsoleRoute.Metrics, "Figures of the fleets, for Prometheus.", "text/plain; version=0.0.4; charset=utf-8", MetricsAsync),
        .. PageRoutes.All,
    ];

    private static ConsoleRoute Text(string pattern, string summary, string mediaType, Func<ConsoleRequest, Task<string>> text) => new(
        HttpMethods.Get, pattern, ConsolePermission.View, summary, async request =>
        {
            var written = await text(request).ConfigureAwait(false);
            request.Http.Response.ContentType = mediaType;
            await request.Http.Response.WriteAsync(written, Encoding.UTF8, request.Aborted).ConfigureAwait(false);
        })
    {
        MediaType = mediaType,
    };

    private static async Task<string> MetricsAsync(ConsoleRequest request) => PrometheusText.Of(
        (await request.VisibleAsync().ConfigureAwait(false)).Select(fleet => fleet.Collector.State), request.Console.Time.GetUtcNow());
}
