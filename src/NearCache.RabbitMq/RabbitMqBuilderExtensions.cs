using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection.Extensions;
using Microsoft.Extensions.Options;
using NearCache;
using NearCache.Configuration;
using NearCache.RabbitMq;
using NearCache.Remote;

namespace Microsoft.Extensions.DependencyInjection;

/// <summary>Registers RabbitMQ as the carrier of announcements of a NearCache.</summary>
public static class RabbitMqBuilderExtensions
{
    /// <summary>
    /// Carries announcements through RabbitMQ, configured by a section such as <c>configuration.GetSection("RabbitMq")</c>. With ZooKeeper
    /// beside it, announcements cost the ensemble no transaction.
    /// </summary>
    /// <param name="builder">The result of <c>AddNearCache</c>.</param>
    /// <param name="section">The configuration. Unknown names are errors, reported when the host starts.</param>
    /// <returns><paramref name="builder"/>.</returns>
    public static INearCacheBuilder UseRabbitMq(this INearCacheBuilder builder, IConfiguration section)
    {
        ArgumentNullException.ThrowIfNull(section);
        return builder.UseRabbitMq(options =>
        {
            options.Source = (section as IConfigurationSection)?.Path ?? "";
            RabbitMqOptions.Read(new SettingsReader(section, "", options.BindingErrors), options);
        });
    }

    /// <summary>
    /// Carries announcements through RabbitMQ, configured by code. A call after the other overload changes the settings of the section.
    /// </summary>
    /// <param name="builder">The result of <c>AddNearCache</c>.</param>
    /// <param name="configure">Sets the settings.</param>
    /// <returns><paramref name="builder"/>.</returns>
    public static INearCacheBuilder UseRabbitMq(this INearCacheBuilder builder, Action<RabbitMqOptions> configure)
    {
        ArgumentNullException.ThrowIfNull(builder);
        ArgumentNullException.ThrowIfNull(configure);
        var (services, name) = (builder.Services, builder.Name);
        services.AddOptionsWithValidateOnStart<RabbitMqOptions, RabbitMqOptionsValidator>(name).Configure(configure);
        services.TryAddSingleton(TimeProvider.System);
        services.TryAddSingleton(static provider => RabbitMqConnections.New(provider.GetRequiredService<TimeProvider>()));
        var key = new BrokerOf(name);
        if (services.Any(service => Equals(service.ServiceKey, key)))
        {
            return builder;
        }

        services.AddKeyedSingleton(key, (provider, _) => new RabbitMqBroker(
            provider.GetRequiredService<IOptionsMonitor<RabbitMqOptions>>().Get(name).Copy(),
            provider.GetRequiredService<ClientPool<RabbitMqOptions, SharedConnection>>()));
        services.AddOptions<NearCacheOptions>(name).Configure<IServiceProvider>(
            (options, provider) => options.Brokers.Add(provider.GetRequiredKeyedService<RabbitMqBroker>(key)));
        return builder;
    }

    // The service key of a cache's broker.
    private sealed record BrokerOf(string Name);
}
