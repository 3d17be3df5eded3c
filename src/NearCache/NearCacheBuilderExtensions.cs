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
        var options = builder.Services.AddOptions<NearHybridCacheOptions>();
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

        builder.Services.Replace(ServiceDescriptor.Singleton<HybridCache>(static services => new NearHybridCache(
            services.GetRequiredService<NearCacheClient>(), services.GetRequiredService<IOptions<NearHybridCacheOptions>>().Value, services)));
        return builder;
    }
}
