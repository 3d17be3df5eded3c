using Microsoft.Extensions.Caching.Distributed;
using Microsoft.Extensions.Caching.Hybrid;
using Microsoft.Extensions.DependencyInjection.Extensions;
using Microsoft.Extensions.Options;
using NearCache;

namespace Microsoft.Extensions.DependencyInjection;

/// <summary>Adds Microsoft's cache abstractions, implemented by a NearCache, to the services of an application.</summary>
public static class NearCacheBuilderExtensions
{
    /// <summary>Makes this cache the <see cref="HybridCache"/> of the application, in the place of any other. Its keys stand behind <c>h:</c>.</summary>
    /// <param name="builder">What <c>AddNearCache</c> returned.</param>
    /// <param name="configure">Changes the settings. Default: not.</param>
    public static INearCacheBuilder AddHybridCache(this INearCacheBuilder builder, Action<NearHybridCacheOptions>? configure = null)
    {
        ArgumentNullException.ThrowIfNull(builder);
        var options = builder.Services.AddOptions<NearHybridCacheOptions>(builder.Name);
        options.PostConfigure<IServiceProvider>(static (face, services) =>
        {
            foreach (var factory in services.GetServices<IHybridCacheSerializerFactory>())
            {
                face.SerializerFactories.Add(factory);
            }
        });
        if (configure is not null)
        {
            options.Configure(configure);
        }

        var key = KeyOf(builder);
        builder.Services.Replace(new ServiceDescriptor(
            typeof(HybridCache),
            key,
            (services, _) => new NearHybridCache(
                services.GetRequiredKeyedService<NearCacheClient>(key), services.GetRequiredService<IOptionsMonitor<NearHybridCacheOptions>>().Get(builder.Name), services),
            ServiceLifetime.Singleton));
        return builder;
    }

    /// <summary>Makes this cache the <see cref="IDistributedCache"/> of the application, in the place of any other: for sessions, antiforgery tokens, and whatever else is written against it.
    /// Its keys stand behind <c>d:</c>.</summary>
    /// <param name="builder">What <c>AddNearCache</c> returned.</param>
    public static INearCacheBuilder AddDistributedCache(this INearCacheBuilder builder)
    {
        ArgumentNullException.ThrowIfNull(builder);
        var key = KeyOf(builder);
        builder.Services.Replace(new ServiceDescriptor(
            typeof(IDistributedCache), key, (services, _) => new NearDistributedCache(services.GetRequiredKeyedService<NearCacheClient>(key)), ServiceLifetime.Singleton));
        return builder;
    }

    // The face of a cache with a name has that name for its key, as the cache has.
    private static string? KeyOf(INearCacheBuilder builder) => builder.Name.Length == 0 ? null : builder.Name;
}
