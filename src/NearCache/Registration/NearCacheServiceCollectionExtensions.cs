using System.Diagnostics.Metrics;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection.Extensions;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Logging.Abstractions;
using Microsoft.Extensions.Options;
using NearCache;
using NearCache.Composition;
using NearCache.Diagnostics;

namespace Microsoft.Extensions.DependencyInjection;

/// <summary>Registers NearCache.</summary>
public static class NearCacheServiceCollectionExtensions
{
    private static readonly TimeSpan SessionSpread = TimeSpan.FromSeconds(1);

    /// <summary>Adds <see cref="INearCache"/>, configured by a section such as <c>configuration.GetSection("NearCache")</c>.</summary>
    /// <remarks>
    /// The settings are validated when the host starts, and <see cref="OptionsValidationException"/> reports every error at once, including
    /// unknown names. While the host runs, a changed configuration updates the reloadable settings; a change with an error is refused as a
    /// whole and logged.
    /// </remarks>
    public static INearCacheBuilder AddNearCache(this IServiceCollection services, IConfiguration section) =>
        services.AddNearCache(Microsoft.Extensions.Options.Options.DefaultName, section);

    /// <summary>
    /// Adds <see cref="INearCache"/>, configured by code. A call after <see cref="AddNearCache(IServiceCollection, IConfiguration)"/>
    /// changes the settings of the section.
    /// </summary>
    public static INearCacheBuilder AddNearCache(this IServiceCollection services, Action<NearCacheOptions> configure) =>
        services.AddNearCache(Microsoft.Extensions.Options.Options.DefaultName, configure);

    /// <summary>
    /// Adds one of several caches, configured by a section: <see cref="INearCache"/> with the service key <paramref name="name"/>
    /// (<c>[FromKeyedServices("orders")]</c>). Caches with equal server settings share connections.
    /// </summary>
    /// <param name="services">The services.</param>
    /// <param name="name">The service key, and the name of its <see cref="NearCacheOptions"/>.</param>
    /// <param name="section">The configuration, with a separate <see cref="NearCacheOptions.Namespace"/>.</param>
    public static INearCacheBuilder AddNearCache(this IServiceCollection services, string name, IConfiguration section)
    {
        ArgumentNullException.ThrowIfNull(services);
        ArgumentNullException.ThrowIfNull(name);
        ArgumentNullException.ThrowIfNull(section);
        services.AddSingleton(new CacheConfigurationSection(name, section));
        return services.AddNearCache(name, options => NearCacheConfiguration.Read(section, options));
    }

    /// <summary>
    /// Adds one of several caches, configured by code: <see cref="INearCache"/> with the service key <paramref name="name"/>.
    /// </summary>
    /// <param name="services">The services.</param>
    /// <param name="name">The service key, and the name of its <see cref="NearCacheOptions"/>.</param>
    /// <param name="configure">Sets the settings, with a separate <see cref="NearCacheOptions.Namespace"/>.</param>
    public static INearCacheBuilder AddNearCache(this IServiceCollection services, string name, Action<NearCacheOptions> configure)
    {
        ArgumentNullException.ThrowIfNull(services);
        ArgumentNullException.ThrowIfNull(name);
        ArgumentNullException.ThrowIfNull(configure);
        services.AddOptionsWithValidateOnStart<NearCacheOptions, NearCacheOptionsValidator>(name).Configure(configure);
        services.TryAddEnumerable(ServiceDescriptor.Singleton<IValidateOptions<NearCacheOptions>, EmbeddedRemoteValidator>());
        services.TryAddSingleton<NamespaceGuard>();
        services.TryAddSingleton(TimeProvider.System);
        services.TryAddSingleton(
            static provider =>
                new ClientPools(
                    provider.GetService<ILoggerFactory>(),
                    provider.GetService<IMeterFactory>(),
                    provider.GetRequiredService<TimeProvider>(),
                    SessionSpread));
        object? key = name.Length == 0 ? null : name;
        if (!services.Any(service => service.ServiceType == typeof(NearCacheClient) && Equals(service.ServiceKey, key)))
        {
            AddCache(services, name, key);
        }

        return new NearCacheBuilder(name, services);
    }

    private static void AddCache(IServiceCollection services, string name, object? key)
    {
        services.Add(new ServiceDescriptor(typeof(NearCacheClient), key, (provider, _) => Make(provider, name), ServiceLifetime.Singleton));
        services.Add(
            new ServiceDescriptor(
                typeof(INearCache),
                key,
                (provider, _) => provider.GetRequiredKeyedService<NearCacheClient>(key),
                ServiceLifetime.Singleton));
        services.Add(
            new ServiceDescriptor(
                typeof(IRuleRegistry),
                key,
                (provider, _) => provider.GetRequiredKeyedService<NearCacheClient>(key).Rules,
                ServiceLifetime.Singleton));
        services.Add(
            new ServiceDescriptor(
                typeof(IRuleAdvisor),
                key,
                (provider, _) => provider.GetRequiredKeyedService<NearCacheClient>(key).Advisor,
                ServiceLifetime.Singleton));
        services.Add(
            new ServiceDescriptor(
                typeof(NearCacheEvents),
                key,
                (provider, _) => provider.GetRequiredKeyedService<NearCacheClient>(key).Events,
                ServiceLifetime.Singleton));
        services.Add(
            new ServiceDescriptor(
                typeof(IDistributedLock),
                key,
                (provider, _) => provider.GetRequiredKeyedService<NearCacheClient>(key).Locks,
                ServiceLifetime.Singleton));
        services.AddSingleton<IHostedService>(provider => new NearCacheHostedService(
            name,
            provider.GetRequiredKeyedService<NearCacheClient>(key),
            provider.GetRequiredService<IOptionsMonitor<NearCacheOptions>>().Get(name),
            provider.GetRequiredService<IOptionsFactory<NearCacheOptions>>(),
            provider.GetServices<CacheConfigurationSection>(),
            (provider.GetService<ILoggerFactory>() ?? NullLoggerFactory.Instance).CreateLogger("NearCache")));
    }

    private static NearCacheClient Make(IServiceProvider provider, string name)
    {
        var loggerFactory = provider.GetService<ILoggerFactory>();
        foreach (var source in provider.GetServices<CacheConfigurationSection>().Where(source => source.Name == name && source.IsAbsent))
        {
            loggerFactory?.CreateLogger("NearCache").SectionAbsent(source.DescribeAbsence(provider));
        }

        var options = provider.GetRequiredService<IOptionsMonitor<NearCacheOptions>>().Get(name);
        provider.GetRequiredService<NamespaceGuard>().Add(name, options);
        return new NearCacheClient(
            options,
            provider.GetRequiredService<ClientPools>(),
            loggerFactory,
            provider.GetService<IMeterFactory>(),
            provider.GetRequiredService<TimeProvider>());
    }
}
