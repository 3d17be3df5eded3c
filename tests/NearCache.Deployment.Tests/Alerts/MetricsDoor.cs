using System.Globalization;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using NearCache.TestSupport.Servers;
using OpenTelemetry.Metrics;

namespace NearCache.Deployment.Tests.Alerts;

/// <summary>
/// What Prometheus asks in the test's own process: the figures of its caches, and those of the console, whose sign-in it is.
/// </summary>
internal sealed class MetricsDoor : IAsyncDisposable
{
    private readonly WebApplication _app;

    private MetricsDoor(WebApplication app, int port) =>
        (_app, Address) = (app, string.Create(CultureInfo.InvariantCulture, $"127.0.0.1:{port}"));

    public string Address { get; }

    public static async Task<MetricsDoor> OpenAsync(ConsoleProcess console)
    {
        var builder = WebApplication.CreateSlimBuilder();
        builder.Logging.ClearProviders();
        var port = Ports.Free();
        builder.WebHost.UseUrls(string.Create(CultureInfo.InvariantCulture, $"http://127.0.0.1:{port}"));
        builder.Services.AddOpenTelemetry().WithMetrics(metrics => metrics.AddMeter("NearCache").AddPrometheusExporter());
        var app = builder.Build();
        app.MapPrometheusScrapingEndpoint("/metrics");
        app.MapGet("/fleet", async () =>
        {
            try
            {
                return Results.Text(await console.ScrapeAsync());
            }
            catch (HttpRequestException)
            {
                return Results.StatusCode(StatusCodes.Status502BadGateway);
            }
        });
        await app.StartAsync();
        return new MetricsDoor(app, port);
    }

    public async ValueTask DisposeAsync() => await _app.DisposeAsync();
}
