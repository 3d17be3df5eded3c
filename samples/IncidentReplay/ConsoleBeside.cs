using System.Diagnostics;
using System.Globalization;
using System.Text.Json.Nodes;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using NearCache;
using NearCache.Management;

namespace IncidentReplay;

/// <summary>The console beside a run, and an operator that looks at its first screen twice a second.</summary>
internal sealed class ConsoleBeside : IAsyncDisposable
{
    private const string Address = "nearcache/api/contexts/replay";

    private readonly WebApplication _app;
    private readonly HttpClient _client = new();
    private readonly CancellationTokenSource _stopping = new();
    private readonly Stopwatch _clock = new();
    private Task _looking = Task.CompletedTask;

    private ConsoleBeside(WebApplication app) => _app = app;

    /// <summary>Starts the console for this machine alone, and waits until it has read the caches once.</summary>
    public static async Task<ConsoleBeside> StartAsync(int port, NearCacheOptions caches)
    {
        var builder = WebApplication.CreateSlimBuilder(new WebApplicationOptions { EnvironmentName = Environments.Development });
        builder.Logging.ClearProviders();
        builder.WebHost.ConfigureKestrel(kestrel => kestrel.ListenLocalhost(port));
        builder.Services.AddNearCacheConsole(options => options.Contexts["replay"] = new ConsoleContextOptions { Caches = caches });
        var app = builder.Build();
        app.MapNearCacheConsole();
        await app.StartAsync();
        var console = new ConsoleBeside(app);
        console._client.BaseAddress = new Uri($"http://localhost:{port}/");
        await console._client.GetStringAsync(new Uri(Address, UriKind.Relative));
        Console.WriteLine($"The console is at http://localhost:{port}/nearcache");
        return console;
    }

    /// <summary>Begins to look: the traffic begins.</summary>
    public void Begin()
    {
        _clock.Start();
        _looking = Task.Run(LookAsync);
    }

    public async ValueTask DisposeAsync()
    {
        await _stopping.CancelAsync();
        await _looking;
        await _app.DisposeAsync();
        _client.Dispose();
        _stopping.Dispose();
    }

    private async Task LookAsync()
    {
        try
        {
            while (!_stopping.IsCancellationRequested)
            {
                var screen = JsonNode.Parse(await _client.GetStringAsync(new Uri(Address, UriKind.Relative), _stopping.Token))!;
                if (screen["verdict"]?["causes"]?.AsArray() is [{ } cause, ..] && (string?)cause["subject"] == "locks")
                {
                    Console.WriteLine(string.Create(
                        CultureInfo.InvariantCulture,
                        $"  {_clock.Elapsed.TotalSeconds,5:0.0} s  first screen of the console: {screen["verdict"]?["sentence"]}"));
                    return;
                }

                await Task.Delay(500, _stopping.Token);
            }
        }
        catch (OperationCanceledException)
        {
            // The run is over.
        }
    }
}
