using System.Net;
using System.Security.Claims;
using System.Text;
using System.Text.Encodings.Web;
using System.Text.Json.Nodes;
using Microsoft.AspNetCore.Authentication;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;
using NearCache.Management.Api;
using NearCache.TestSupport;
using NearCache.TestSupport.Diagnostics;
using NearCache.Tests.Observing;

namespace NearCache.Management.Tests;

/// <summary>A console in an application of its own on loopback, over a fleet on fake servers.</summary>
internal sealed class ConsoleOfTests : IAsyncDisposable
{
    public const string UserHeader = "X-Test-User";

    private readonly WebApplication _app;

    private ConsoleOfTests(WebApplication app, FleetOfTests fleet, LogRecorder logs) => (_app, Fleet, Logs) = (app, fleet, logs);

    public FleetOfTests Fleet { get; }

    public LogRecorder Logs { get; }

    public Uri Address { get; private set; } = null!;

    public ConsoleService Service => _app.Services.GetRequiredService<ConsoleService>();

    /// <summary>Starts the console. A user is what the header of a test says: <c>alice view operate</c>.</summary>
    public static async Task<ConsoleOfTests> StartAsync(
        FleetOfTests? fleet = null,
        Action<NearCacheConsoleOptions>? configure = null,
        string environment = "Production",
        string pattern = "/nearcache",
        Action<WebApplicationBuilder>? build = null)
    {
        fleet ??= new FleetOfTests();
        var logs = new LogRecorder(LogLevel.Information);
        var builder = WebApplication.CreateSlimBuilder(new WebApplicationOptions { EnvironmentName = environment });
        builder.Configuration.Sources.Clear();
        builder.Logging.ClearProviders().AddProvider(logs);
        builder.WebHost.ConfigureKestrel(kestrel => kestrel.Listen(IPAddress.Loopback, 0));
        builder.Services.AddAuthentication("Test").AddScheme<AuthenticationSchemeOptions, TestUsers>("Test", null);
        builder.Services.AddAuthorization(options =>
        {
            foreach (var permission in new[] { "view", "operate", "values" })
            {
                options.AddPolicy(permission, policy => policy.RequireClaim("may", permission));
            }
        });
        builder.Services.AddNearCacheConsole(options =>
        {
            (options.ViewPolicy, options.OperatePolicy, options.ValuesPolicy) = ("view", "operate", "values");
            options.Contexts["shop"] = new ConsoleContextOptions { Cluster = "prod", Caches = fleet.Options() };
            configure?.Invoke(options);
        });
        build?.Invoke(builder);
        var app = builder.Build();
        app.UseAuthentication();
        var console = new ConsoleOfTests(app, fleet, logs);
        try
        {
            app.MapNearCacheConsole(pattern);
            await app.StartAsync(TestContext.Current.CancellationToken);
        }
        catch
        {
            await app.DisposeAsync();
            throw;
        }

        console.Address = new Uri(app.Urls.Single() + pattern + "/");
        return console;
    }

    public HttpClient Client(string? user = "alice view operate values")
    {
        var client = new HttpClient(new SocketsHttpHandler { AllowAutoRedirect = false, UseCookies = false }) { BaseAddress = Address };
        if (user is not null)
        {
            client.DefaultRequestHeaders.Add(UserHeader, user);
        }

        return client;
    }

    /// <summary>Gets a JSON answer.</summary>
    public async Task<JsonNode> GetAsync(string address, string user = "alice view operate values")
    {
        using var client = Client(user);
        var reply = await client.GetAsync(new Uri(address, UriKind.Relative), TestContext.Current.CancellationToken);
        var text = await reply.Content.ReadAsStringAsync(TestContext.Current.CancellationToken);
        Assert.True(reply.IsSuccessStatusCode, $"{address}: {reply.StatusCode} {text}");
        return JsonNode.Parse(text)!;
    }

    /// <summary>Gets a JSON answer that has a part, which on a busy machine can take longer to read than the console waits.</summary>
    public async Task<JsonNode> GetAsync(string address, Func<JsonNode, JsonNode?> part)
    {
        JsonNode answer = null!;
        await Eventually.BecomesTrueAsync(
            async () => part(answer = await GetAsync(address)) is not null, $"{address} has what the test looks for");
        return answer;
    }

    /// <summary>Posts JSON as a page of the console does.</summary>
    public async Task<(HttpStatusCode Status, JsonNode Answer)> PostAsync(
        string address, string json, string user = "alice view operate values")
    {
        using var client = Client(user);
        using var request = Post(address, json);
        var reply = await client.SendAsync(request, TestContext.Current.CancellationToken);
        return (reply.StatusCode, JsonNode.Parse(await reply.Content.ReadAsStringAsync(TestContext.Current.CancellationToken))!);
    }

    public HttpRequestMessage Post(string address, string json)
    {
        var request = new HttpRequestMessage(HttpMethod.Post, new Uri(Address, address))
        {
            Content = new StringContent(json, Encoding.UTF8, "application/json"),
        };
        request.Headers.Add("Origin", Address.GetLeftPart(UriPartial.Authority));
        request.Headers.Add("X-NearCache-Operation", "1");
        return request;
    }

    public async ValueTask DisposeAsync()
    {
        await _app.StopAsync(CancellationToken.None);
        await _app.DisposeAsync();
        await Fleet.DisposeAsync();
    }

    private sealed class TestUsers(IOptionsMonitor<AuthenticationSchemeOptions> options, ILoggerFactory logger, UrlEncoder encoder)
        : AuthenticationHandler<AuthenticationSchemeOptions>(options, logger, encoder)
    {
        protected override Task<AuthenticateResult> HandleAuthenticateAsync()
        {
            if (Request.Headers[UserHeader] is not [{ Length: > 0 } user])
            {
                return Task.FromResult(AuthenticateResult.NoResult());
            }

            var parts = user.Split(' ');
            var identity = new ClaimsIdentity(
                [new Claim(ClaimTypes.Name, parts[0]), .. parts.Skip(1).Select(may => new Claim("may", may))], Scheme.Name);
            return Task.FromResult(AuthenticateResult.Success(new AuthenticationTicket(new ClaimsPrincipal(identity), Scheme.Name)));
        }
    }
}
