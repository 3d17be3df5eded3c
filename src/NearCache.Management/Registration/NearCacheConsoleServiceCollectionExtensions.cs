using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection.Extensions;
using NearCache.Management;
using NearCache.Management.Api;
using NearCache.Management.Registration;

namespace Microsoft.Extensions.DependencyInjection;

/// <summary>Registers the console of NearCache.</summary>
public static class NearCacheConsoleServiceCollectionExtensions
{
    /// <summary>
    /// Adds the console, configured by a section such as <c>configuration.GetSection("NearCacheConsole")</c>. Call
    /// <c>MapNearCacheConsole</c> to give it an address.
    /// </summary>
    public static IServiceCollection AddNearCacheConsole(this IServiceCollection services, IConfiguration section)
    {
        ArgumentNullException.ThrowIfNull(section);
        return services.AddNearCacheConsole(options => ConsoleConfiguration.Read(section, options));
    }

    /// <summary>Adds the console, configured by code. Call <c>MapNearCacheConsole</c> to give it an address.</summary>
    /// <param name="services">The services.</param>
    /// <param name="configure">Sets the settings, first of all the policies. Default: the defaults.</param>
    public static IServiceCollection AddNearCacheConsole(
        this IServiceCollection services, Action<NearCacheConsoleOptions>? configure = null)
    {
        ArgumentNullException.ThrowIfNull(services);
        services.AddRouting();
        services.AddAuthorization();
        services.AddOptionsWithValidateOnStart<NearCacheConsoleOptions, ConsoleOptionsValidator>();
        if (configure is not null)
        {
            services.Configure(configure);
        }

        services.TryAddSingleton(TimeProvider.System);
        services.TryAddSingleton<ConsoleService>();
        services.TryAddEnumerable(ServiceDescriptor.Singleton<Hosting.IHostedService, ConsoleStart>());
        return services;
    }
}
