using System.Net;
using Microsoft.AspNetCore.Authentication;
using Microsoft.AspNetCore.Authorization;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.HttpOverrides;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using NearCache.Management.Api;
using NearCache.Management.Api.Models;
using NearCache.Management.Security;

namespace NearCache.Management.StandAlone;

/// <summary>Builds the application that is the stand-alone console.</summary>
internal static class ConsoleApplication
{
    /// <summary>Builds the application.</summary>
    /// <param name="settings">The settings, which have no mistake.</param>
    /// <param name="logging">The section of the log levels.</param>
    /// <param name="configureServices">Replaces services, for tests.</param>
    public static WebApplication Build(
        HostSettings settings, IConfiguration logging, Action<IServiceCollection>? configureServices = null)
    {
        var builder = WebApplication.CreateSlimBuilder(new WebApplicationOptions { EnvironmentName = Environments.Production });

        // Nothing of the surroundings adds an address: the settings were read and checked already.
        builder.Configuration.Sources.Clear();
        builder.Configuration.AddInMemoryCollection([KeyValuePair.Create<string, string?>("AllowedHosts", "*")]);
        builder.Logging.ClearProviders();
        builder.Logging.AddConfiguration(logging);
        builder.Logging.AddFilter("Microsoft", LogLevel.Warning);

        // It logs addresses, and one has the code that works once.
        builder.Logging.AddFilter("Microsoft.AspNetCore.Hosting.Diagnostics", LogLevel.Warning);

        // A sign-in that fails is in the audit, and any client can make one fail.
        builder.Logging.AddFilter("Microsoft.AspNetCore.Authentication", LogLevel.Critical);
        builder.Logging.AddSimpleConsole(console => console.SingleLine = true);
        builder.Services.Configure<Microsoft.Extensions.Logging.Console.ConsoleLoggerOptions>(
            options => options.LogToStandardErrorThreshold = LogLevel.Trace);
        builder.WebHost.UseKestrelHttpsConfiguration();
        builder.WebHost.ConfigureKestrel(kestrel => Listen(kestrel, settings));
        AddSignIn(builder.Services, settings.SignIn);
        builder.Services.AddNearCacheConsole(options => Copy(settings, options));
        configureServices?.Invoke(builder.Services);

        var app = builder.Build();
        if (settings.SignIn.Proxies.Count > 0)
        {
            app.UseForwardedHeaders(Forwarded(settings.SignIn));
        }

        app.UseAuthentication();
        app.MapGet("/health/live", http => http.Response.WriteAsync("alive", http.RequestAborted));
        if (app.Services.GetService<OneTimeAddress>() is { } address)
        {
            app.MapGet("/login", http => EnterAsync(http, address));
        }

        app.MapNearCacheConsole("");
        if (settings.SignIn.Mode != SignInMode.Proxy)
        {
            var route = ConsoleRoute.Post(
                ConsoleRoute.Api + "signout",
                ConsolePermission.View,
                "Ends the session.",
                ConsoleJson.Default.EmptyRequest,
                ConsoleJson.Default.EmptyRequest,
                SignOutAsync) with
            {
                IsForAllUsers = true,
            };
            app.MapPost(route.Pattern, new RouteRunner(app.Services.GetRequiredService<ConsoleService>(), route).RunAsync);
        }

        return app;
    }

    private static void Copy(HostSettings settings, NearCacheConsoleOptions options)
    {
        foreach (var (name, context) in settings.Console.Contexts)
        {
            options.Contexts[name] = context;
        }

        (options.DataFolder, options.DataDays, options.DataBytes) =
            (settings.Console.DataFolder, settings.Console.DataDays, settings.Console.DataBytes);
        options.ViewPolicy = PermissionRequirement.PolicyOf(ConsolePermission.View);
        bool IsGiven(ConsolePermission permission) => settings.SignIn.Permissions.Any(rule => rule.Allowed.Contains(permission));
        options.OperatePolicy = IsGiven(ConsolePermission.Operate) ? PermissionRequirement.PolicyOf(ConsolePermission.Operate) : null;
        options.ValuesPolicy = IsGiven(ConsolePermission.Values) ? PermissionRequirement.PolicyOf(ConsolePermission.Values) : null;
        options.Mode = Mapping.NameOf(settings.SignIn.Mode);
        options.IsAnonymous = settings.SignIn.Mode == SignInMode.OneTime;
        options.CanSignOut = settings.SignIn.Mode != SignInMode.Proxy;
        options.SignInHint = settings.SignIn.Mode switch
        {
            SignInMode.OneTime => "Open the address that the console printed when it started; it works once.",
            SignInMode.OpenIdConnect => "Open the console in a browser, and sign in.",
            _ => "Only the proxies of the settings may ask, with the name of a user.",
        };
    }

    private static void Listen(KestrelServerOptions kestrel, HostSettings settings)
    {
        kestrel.AddServerHeader = false;
        foreach (var url in settings.Urls)
        {
            void Configure(ListenOptions listen)
            {
                if (url.Scheme == "https")
                {
                    listen.UseHttps(settings.Certificate!.Load());
                }
            }

            if (url.Host == "localhost")
            {
                kestrel.ListenLocalhost(url.Port, Configure);
            }
            else
            {
                kestrel.Listen(IPAddress.Parse(url.Host.Trim('[', ']')), url.Port, Configure);
            }
        }
    }

    // The address of the client stays that of the proxy, by which the proxy is known.
    private static ForwardedHeadersOptions Forwarded(SignInSettings settings)
    {
        var options = new ForwardedHeadersOptions
        {
            ForwardedHeaders = ForwardedHeaders.XForwardedProto | ForwardedHeaders.XForwardedHost,
        };
        options.KnownIPNetworks.Clear();
        options.KnownProxies.Clear();
        foreach (var proxy in settings.Proxies)
        {
            options.KnownProxies.Add(proxy);
        }

        return options;
    }

    private static void AddSignIn(IServiceCollection services, SignInSettings settings)
    {
        services.AddSingleton(settings);
        services.AddSingleton<IAuthorizationHandler, GroupPermissions>();
        services.AddAuthorization(options =>
        {
            foreach (var permission in Enum.GetValues<ConsolePermission>())
            {
                options.AddPolicy(
                    PermissionRequirement.PolicyOf(permission),
                    policy => policy.RequireAuthenticatedUser().AddRequirements(new PermissionRequirement(permission)));
            }
        });
        switch (settings.Mode)
        {
            case SignInMode.OneTime:
                services.AddSingleton<OneTimeAddress>();
                services.AddAuthentication(OneTimeHandler.Name)
                    .AddScheme<AuthenticationSchemeOptions, OneTimeHandler>(OneTimeHandler.Name, null);
                break;
            case SignInMode.Proxy:
                services.AddAuthentication(ProxyHandler.Name)
                    .AddScheme<AuthenticationSchemeOptions, ProxyHandler>(ProxyHandler.Name, null);
                break;
            default:
                OpenIdConnectSignIn.Add(services, settings);
                break;
        }
    }

    private static async Task EnterAsync(HttpContext http, OneTimeAddress address)
    {
        SecurityHeaders.Apply(http.Response);
        if (!RequestOrigin.IsLocal(http) || address.Take(http.Request.Query["code"]) is not { } session)
        {
            http.Response.StatusCode = StatusCodes.Status403Forbidden;
            http.Response.ContentType = "text/plain; charset=utf-8";
            await http.Response.WriteAsync(
                "The address was used already, or is not whole. Start the console again to get another.\n", http.RequestAborted)
                .ConfigureAwait(false);
            return;
        }

        http.Response.Cookies.Append(OneTimeHandler.CookieOf(http), session, new CookieOptions
        {
            HttpOnly = true,
            SameSite = SameSiteMode.Strict,
            Secure = http.Request.IsHttps,
            Path = "/",
        });
        http.Response.StatusCode = StatusCodes.Status303SeeOther;
        http.Response.Headers.Location = "./";
    }

    private static async Task<EmptyRequest> SignOutAsync(ConsoleRequest request, EmptyRequest body)
    {
        if (request.Http.RequestServices.GetRequiredService<SignInSettings>().Mode == SignInMode.OpenIdConnect)
        {
            OpenIdConnectSignIn.AskNextTime(request.Http);
        }

        await request.Http.SignOutAsync().ConfigureAwait(false);
        return body;
    }
}
