using System.Globalization;
using System.Security.Claims;
using System.Text.Encodings.Web;
using Microsoft.AspNetCore.Authentication;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;
using NearCache.Management;
using NearCache.TestSupport.Servers;

namespace NearCache.Pages.Tests.Servers;

/// <summary>An application with the console below a path base, whose users are named by a header.</summary>
internal sealed class ConsoleHost : IAsyncDisposable
{
    /// <summary>The header that names the user: <c>operator</c>, <c>values</c> or <c>viewer</c>.</summary>
    public const string UserHeader = "X-Test-User";

    private readonly WebApplication _app;

    private ConsoleHost(WebApplication app, SkippingClock clock, int port) => (_app, Clock, Port) = (app, clock, port);

    public SkippingClock Clock { get; }

    public int Port { get; }

    /// <summary>The address of the console, with its slash.</summary>
    public Uri Address => new(string.Create(CultureInfo.InvariantCulture, $"http://127.0.0.1:{Port}/ops/nearcache/"));

    /// <summary>Starts one that shows fleets.</summary>
    /// <param name="contexts">The settings of their caches, by the names of the contexts.</param>
    /// <param name="port">The port; 0 for a free one.</param>
    public static async Task<ConsoleHost> StartAsync(IReadOnlyDictionary<string, NearCacheOptions> contexts, int port = 0)
    {
        port = port > 0 ? port : Ports.Free();
        var clock = new SkippingClock();
        var builder = WebApplication.CreateSlimBuilder();
        builder.WebHost.UseUrls(string.Create(CultureInfo.InvariantCulture, $"http://127.0.0.1:{port}"));
        builder.Logging.ClearProviders();
        builder.Services.AddSingleton<TimeProvider>(clock);
        builder.Services.AddAuthentication("test").AddScheme<AuthenticationSchemeOptions, NamedUsers>("test", null);
        builder.Services.AddAuthorizationBuilder()
            .AddPolicy("view", policy => policy.RequireAuthenticatedUser())
            .AddPolicy("operate", policy => policy.RequireUserName("operator"))
            .AddPolicy("values", policy => policy.RequireUserName("operator"));
        builder.Services.AddNearCacheConsole(options =>
        {
            (options.ViewPolicy, options.OperatePolicy, options.ValuesPolicy) = ("view", "operate", "values");
            foreach (var (name, caches) in contexts)
            {
                options.Contexts[name] = new ConsoleContextOptions { Caches = caches };
            }
        });
        var app = builder.Build();
        app.UsePathBase("/ops");
        app.UseRouting();
        app.UseAuthentication();
        app.UseAuthorization();
        app.MapNearCacheConsole("/nearcache");
        await app.StartAsync();
        return new ConsoleHost(app, clock, port);
    }

    public async ValueTask DisposeAsync()
    {
        // A stream of events has no end of its own.
        using var now = new CancellationTokenSource(TimeSpan.FromSeconds(1));
        await _app.StopAsync(now.Token);
        await _app.DisposeAsync();
    }

    private sealed class NamedUsers(IOptionsMonitor<AuthenticationSchemeOptions> options, ILoggerFactory loggers, UrlEncoder encoder)
        : AuthenticationHandler<AuthenticationSchemeOptions>(options, loggers, encoder)
    {
        protected override Task<AuthenticateResult> HandleAuthenticateAsync()
        {
            string? user = Request.Headers[UserHeader];
            return Task.FromResult(user is null
                ? AuthenticateResult.NoResult()
                : AuthenticateResult.Success(new AuthenticationTicket(
                    new ClaimsPrincipal(new ClaimsIdentity([new Claim(ClaimTypes.Name, user)], "test")), "test")));
        }
    }
}

/// <summary>The system's time, with a monotonic clock that can skip time.</summary>
internal sealed class SkippingClock : TimeProvider
{
    private long _skipped;

    public override long GetTimestamp() => System.GetTimestamp() + Interlocked.Read(ref _skipped);

    public void Skip(TimeSpan by) => Interlocked.Add(ref _skipped, (long)(by.TotalSeconds * TimestampFrequency));
}
