using Microsoft.Extensions.Caching.Distributed;
using Microsoft.Extensions.Caching.Hybrid;
using Microsoft.Extensions.DependencyInjection.Extensions;
using Microsoft.Extensions.Options;
using NearCache;

namespace Microsoft.Extensions.DependencyInjection;

/// <summary>Registers Microsoft's cache abstractions, implemented by a NearCache.</summary>
public static class NearCacheBuilderExtensions
{
    /// <summary>
    /// Registers this cache as the <see cref="HybridCache"/> of the application, replacing any other. Its keys have the prefix <c>h:</c>.
    /// </summary>
    /// <remarks>
    /// <see cref="HybridCacheOptions"/>, for example of <c>services.AddHybridCache(options => …)</c>, apply too, unless
    /// <paramref name="configure"/> overrides them.
    /// </remarks>
    /// <param name="builder">The result of <c>AddNearCache</c>.</param>
    /// <param name="configure">Changes the settings. Default: none.</param>
    public static INearCacheBuilder AddHybridCache(this INearCacheBuilder builder, Action<NearHybridCacheOptions>? configure = null)
    {
        ArgumentNullException.ThrowIfNull(builder);
        var options = builder.Services.AddOptions<NearHybridCacheOptions>(builder.Name);
        options.Configure<IOptionsMonitor<HybridCacheOptions>>((adapter, common) => adapter.Take(common.Get(builder.Name)));
        options.PostConfigure<IServiceProvider>(static (adapter, services) =>
        {
            foreach (var factory in services.GetServices<IHybridCacheSerializerFactory>())
            {
                adapter.SerializerFactories.Add(factory);
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
                services.GetRequiredKeyedService<NearCacheClient>(
                    key), services.GetRequiredService<IOptionsMonitor<NearHybridCacheOptions>>().Get(builder.Name), services),
            ServiceLifetime.Singleton));
        return builder;
    }

    /// <summary>
    /// Registers this cache as the <see cref="IDistributedCache"/> of the application, replacing any other: for sessions, antiforgery
    /// tokens and other code written for that interface. Its keys have the prefix <c>d:</c>.
    /// </summary>
    /// <param name="builder">The result of <c>AddNearCache</c>.</param>
    public static INearCacheBuilder AddDistributedCache(this INearCacheBuilder builder)
    {
        ArgumentNullException.ThrowIfNull(builder);
        var key = KeyOf(builder);
        builder.Services.Replace(key is null
            ? ServiceDescriptor.Singleton(typeof(IDistributedCache), DefaultAdapter)
            : new ServiceDescriptor(
                typeof(IDistributedCache),
                key,
                (services, _) => new NearDistributedCache(services.GetRequiredKeyedService<NearCacheClient>(key)),
                ServiceLifetime.Singleton));
        return builder;
    }

    /// <summary>
    /// Uses the <see cref="IDistributedCache"/> that was registered last as the remote tier of this cache, in the place of memcached and
    /// with weaker guarantees; see <c>docs/other-remotes.md</c>. Call it before <see cref="AddDistributedCache"/>, which replaces that
    /// registration.
    /// </summary>
    /// <param name="builder">The result of <c>AddNearCache</c>.</param>
    /// <exception cref="InvalidOperationException">No distributed cache is registered, or only the one of this library.</exception>
    public static INearCacheBuilder UseDistributedCache(this INearCacheBuilder builder)
    {
        ArgumentNullException.ThrowIfNull(builder);
        var vendor = builder.Services.LastOrDefault(
            static service => service.ServiceType == typeof(IDistributedCache) && !service.IsKeyedService)
            ?? throw new InvalidOperationException("UseDistributedCache found no IDistributedCache: register the vendor's before, for "
                + "instance with AddStackExchangeRedisCache.");
        if (ReferenceEquals(vendor.ImplementationFactory, DefaultAdapter))
        {
            throw new InvalidOperationException("UseDistributedCache found the adapter that AddDistributedCache registered, which "
                + "cannot be its own remote: register the vendor's IDistributedCache, "
                + "then call UseDistributedCache, then AddDistributedCache.");
        }

        // Another service that requests it receives the same instance.
        builder.Services.Remove(vendor);
        builder.Services.AddSingleton(services => services.GetRequiredKeyedService<IDistributedCache>(new RemoteOf(builder.Name)));
        return builder.UseDistributedCache(services =>
            (IDistributedCache)(
                vendor.ImplementationInstance ?? vendor.ImplementationFactory?.Invoke(services) ?? ActivatorUtilities.CreateInstance(
                    services, vendor.ImplementationType!)));
    }

    /// <summary>
    /// Uses an <see cref="IDistributedCache"/> as the remote tier of this cache, in the place of memcached and with weaker guarantees; see
    /// <c>docs/other-remotes.md</c>.
    /// </summary>
    /// <param name="builder">The result of <c>AddNearCache</c>.</param>
    /// <param name="remote">Returns the cache; called once. The container disposes what it creates.</param>
    public static INearCacheBuilder UseDistributedCache(this INearCacheBuilder builder, Func<IServiceProvider, IDistributedCache> remote)
    {
        ArgumentNullException.ThrowIfNull(builder);
        ArgumentNullException.ThrowIfNull(remote);
        var key = new RemoteOf(builder.Name);
        builder.Services.Replace(ServiceDescriptor.KeyedSingleton(key, (services, _) => remote(services)));
        builder.Services.AddOptions<NearCacheOptions>(builder.Name).Configure<IServiceProvider>(
            (options, services) => options.DistributedCache = services.GetRequiredKeyedService<IDistributedCache>(key));
        return builder;
    }

    private static readonly Func<IServiceProvider, object> DefaultAdapter = static services =>
        new NearDistributedCache(services.GetRequiredService<NearCacheClient>());

    // The service key of a cache's remote tier.
    private sealed record RemoteOf(string Name);

    // The adapter of a named cache has the name as its service key, like the cache itself.
    private static string? KeyOf(INearCacheBuilder builder) => builder.Name.Length == 0 ? null : builder.Name;
}
