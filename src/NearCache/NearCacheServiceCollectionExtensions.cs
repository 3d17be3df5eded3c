using System.Diagnostics.Metrics;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection.Extensions;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;
using NearCache;

namespace Microsoft.Extensions.DependencyInjection;

/// <summary>Adds NearCache to the services of an application.</summary>
public static class NearCacheServiceCollectionExtensions
{
    /// <summary>Adds <see cref="INearCache"/>, configured by a section such as <c>configuration.GetSection("NearCache")</c>.</summary>
    /// <remarks>
    /// The settings are checked when the host starts, and every mistake is reported at once, unknown names too: <see cref="OptionsValidationException"/>. When the configuration is loaded again, the list
    /// of memcached servers is taken over; any other change needs a restart.
    /// </remarks>
    public static INearCacheBuilder AddNearCache(this IServiceCollection services, IConfiguration section)
    {
        ArgumentNullException.ThrowIfNull(services);
        ArgumentNullException.ThrowIfNull(section);
        services.AddSingleton<IOptionsChangeTokenSource<NearCacheOptions>>(new SectionChanges(section));
        return services.AddNearCache(options => NearCacheConfiguration.Read(section, options));
    }

    /// <summary>Adds <see cref="INearCache"/>, configured by code. Called after <see cref="AddNearCache(IServiceCollection, IConfiguration)"/> it changes what the section said.</summary>
    public static INearCacheBuilder AddNearCache(this IServiceCollection services, Action<NearCacheOptions> configure)
    {
        ArgumentNullException.ThrowIfNull(services);
        ArgumentNullException.ThrowIfNull(configure);
        services.AddOptionsWithValidateOnStart<NearCacheOptions, NearCacheOptionsValidator>().Configure(configure);
        services.TryAddEnumerable(ServiceDescriptor.Singleton<IValidateOptions<NearCacheOptions>, EmbeddedInProduction>());
        services.TryAddSingleton(TimeProvider.System);
        services.TryAddSingleton(provider => new NearCacheClient(
            provider.GetRequiredService<IOptions<NearCacheOptions>>().Value,
            provider.GetService<ILoggerFactory>(),
            provider.GetService<IMeterFactory>(),
            provider.GetRequiredService<TimeProvider>()));
        services.TryAddSingleton<INearCache>(provider => provider.GetRequiredService<NearCacheClient>());
        services.TryAddSingleton(provider => provider.GetRequiredService<NearCacheClient>().Rules);
        services.TryAddEnumerable(ServiceDescriptor.Singleton<IHostedService, NearCacheStarter>());
        services.TryAddEnumerable(ServiceDescriptor.Singleton<IHostedService, ServerListReload>());
        return new NearCacheBuilder(services);
    }
}
