using System.Globalization;
using NearCache;

namespace ReleaseReplay.Pods;

/// <summary>The shop in one pod: pages of five values each, and the endpoints of the probes.</summary>
internal static class PodProgram
{
    public const int ValuesPerPage = 5;

    public static async Task<int> RunAsync()
    {
        var builder = WebApplication.CreateSlimBuilder();
        builder.Logging.SetMinimumLevel(LogLevel.Warning).AddFilter("Microsoft.Hosting", LogLevel.Critical);
        var pod = builder.Configuration.GetSection("Pod");
        if (pod.GetValue<bool>("FailsAtStart"))
        {
            Console.Error.WriteLine("A setting is missing: this image cannot start.");
            return 1;
        }

        var isNaive = pod["Cache"] == "naive";
        if (isNaive)
        {
            builder.Services.AddSingleton<IPageCache>(new NaivePages(pod["Server"]!));
        }
        else
        {
            builder.Services.AddNearCache(builder.Configuration.GetSection("NearCache"));
            builder.Services.AddSingleton<IPageCache, NearPages>();
        }

        builder.Services.AddHealthChecks();
        var app = builder.Build();
        Map(app, isNaive);
        if (pod.GetValue<int>("OtherClient") is > 0 and var connections)
        {
            app.Lifetime.ApplicationStarted.Register(() => OtherClient.Start(pod["Server"]!, connections));
        }

        await app.RunAsync();
        return 0;
    }

    private static void Map(WebApplication app, bool isNaive)
    {
        app.MapGet("/page/{number:int}", async (int number, HttpContext context, IPageCache cache) =>
        {
            var load = new SourceLoad();
            for (var i = 0; i < ValuesPerPage; i++)
            {
                await cache.GetAsync(string.Create(CultureInfo.InvariantCulture, $"product:{number + (i * 7)}"), load);
            }

            context.Response.Headers["Source-Reads"] = load.Reads.ToString(CultureInfo.InvariantCulture);
            return Results.Ok();
        });

        // The naive client's probes ask memcached, as in the story. NearCache's ask the process.
        if (isNaive)
        {
            app.MapGet("/health/live", (IPageCache cache) => ((NaivePages)cache).Probe());
            app.MapGet("/health/ready", (IPageCache cache) => ((NaivePages)cache).Probe());
        }
        else
        {
            app.MapGet("/health/live", () => Results.Ok());
            app.MapGet("/health/ready", (NearCacheClient cache, IHostApplicationLifetime lifetime) =>
                cache.Snapshot().IsWarm && !lifetime.ApplicationStopping.IsCancellationRequested
                    ? Results.Ok()
                    : Results.StatusCode(StatusCodes.Status503ServiceUnavailable));
        }
    }
}
