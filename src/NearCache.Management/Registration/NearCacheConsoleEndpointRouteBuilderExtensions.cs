using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using NearCache.Management;
using NearCache.Management.Api;
using NearCache.Management.Diagnostics;

namespace Microsoft.AspNetCore.Builder;

/// <summary>Gives the console of NearCache an address.</summary>
public static class NearCacheConsoleEndpointRouteBuilderExtensions
{
    /// <summary>Maps the pages and the API of the console.</summary>
    /// <param name="endpoints">The endpoints of the application.</param>
    /// <param name="pattern">The address. Default: <c>/nearcache</c>.</param>
    /// <returns>The group of all its endpoints.</returns>
    /// <exception cref="InvalidOperationException">
    /// <c>AddNearCacheConsole</c> was not called; or there is no <see cref="NearCacheConsoleOptions.ViewPolicy"/>, and the environment is
    /// not Development.
    /// </exception>
    public static IEndpointConventionBuilder MapNearCacheConsole(this IEndpointRouteBuilder endpoints, string pattern = "/nearcache")
    {
        ArgumentNullException.ThrowIfNull(endpoints);
        ArgumentNullException.ThrowIfNull(pattern);
        var services = endpoints.ServiceProvider;
        var console = services.GetService<ConsoleService>() ?? throw new InvalidOperationException(
            "MapNearCacheConsole needs the services of the console. Call services.AddNearCacheConsole(…) before the application is built.");
        if (console.Policies.IsOpen)
        {
            if (!services.GetRequiredService<IHostEnvironment>().IsDevelopment())
            {
                throw new InvalidOperationException(
                    $"The console of NearCache is closed by default: {nameof(NearCacheConsoleOptions)}."
                        + $"{nameof(NearCacheConsoleOptions.ViewPolicy)} names no authorization policy. Name one of the application's, for "
                        + "example services.AddNearCacheConsole(options => options.ViewPolicy = \"operators\"). Only in the Development "
                        + "environment may the policy be left out; then the console answers requests of this machine alone.");
            }

            console.Logger.Open(pattern);
        }

        var group = endpoints.MapGroup(pattern);
        foreach (var route in Routes.All.Where(route => console.Policies.Exists(route.Permission)))
        {
            RequestDelegate run = new RouteRunner(console, route).RunAsync;
            group.MapMethods(route.Pattern, [route.Method], run).WithMetadata(route);
        }

        console.Logger.Mapped(
            pattern.Length == 0 ? "/" : pattern,
            string.Join(", ", console.Fleets.Select(fleet => fleet.Context.Name)),
            console.Options.ViewPolicy ?? "none");
        return group;
    }
}
