using Microsoft.Extensions.Caching.Distributed;
using Microsoft.Extensions.Caching.Hybrid;
using Microsoft.Extensions.DependencyInjection.Extensions;
using Microsoft.Extensions.Options;
using NearCache;

namespace Microsoft.Extensions.DependencyInjection;

/// <summary>Adds Microsoft's cache abstractions, implemented by a NearCache, to the services of an application.</summary>
public static class NearCacheBuilderExtensions
{
    /// <summary>
    /// Makes this cache the <see cref="HybridCache"/> of the application, in the place of any other. Its keys stand behind <c>h:</c>.
    /// </summary>
    /// <remarks>
    /// What <see cref="HybridCacheOptions"/> says, for instance by <c>services.AddHybridCache(options => …)</c>, counts here, too, unless
    /// <paramref name="configure"/> says something else.
    /// </remarks>
    /// <param name="builder">What <c>AddNearCache</c> returned.</param>
    /// <param name="configure">Changes the settings. Default: not.</param>
    public static INearCacheBuilder AddHybridCache(this INearCacheBuilder builder, Action<NearHybridCacheOptions>? configure = null)
    {
        ArgumentNullException.ThrowIfNull(builder);
        var options = builder.Services.AddOptions<NearHybridCacheOptions>(builder.Name);
        options.Configure<IOptionsMonitor<HybridCacheOptions>>((face, common) => face.Take(common.Get(builder.Name)));
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
                services.GetRequiredKeyedService<NearCacheClient>(
                    key), services.GetRequiredService<IOptionsMonitor<NearHybridCacheOptions>>().Get(builder.Name), services),
            ServiceLifetime.Singleton));
        return builder;
    }

    /// <summary>
    /// Makes this cache the <see cref="IDistributedCache"/> of the application, in the place of any other: for sessions, antiforgery
    /// tokens, and whatever else is written against it. Its keys stand behind <c>d:</c>.
    /// </summary>
    /// <param name="builder">What <c>AddNearCache</c> returned.</param>
    public static INearCacheBuilder AddDistributedCache(this INearCacheBuilder builder)
    {
        ArgumentNullException.ThrowIfNull(builder);
        var key = KeyOf(builder);
        builder.Services.Replace(key is null
            ? ServiceDescriptor.Singleton(typeof(IDistributedCache), DefaultFace)
            : new ServiceDescriptor(
                typeof(IDistributedCache),
                key,
                (services, _) => new NearDistributedCache(services.GetRequiredKeyedService<NearCacheClient>(key)),
                ServiceLifetime.Singleton));
        return builder;
    }

    /// <summary>
    /// Makes the <see cref="IDistributedCache"/> that was registered last the remote of this cache, in the place of memcached, with the
    /// weaker promise of <c>docs/other-remotes.md</c>. Called before <see cref="AddDistributedCache"/>, which takes its place.
    /// </summary>
    /// <param name="builder">What <c>AddNearCache</c> returned.</param>
    /// <exception cref="InvalidOperationException">None was registered, or only this library's own.</exception>
    public static INearCacheBuilder UseDistributedCache(this INearCacheBuilder builder)
    {
        ArgumentNullException.ThrowIfNull(builder);
        var vendor = builder.Services.LastOrDefault(
            static service => service.ServiceType == typeof(IDistributedCache) && !service.IsKeyedService)
            ?? throw new InvalidOperationException("UseDistributedCache found no IDistributedCache: register the vendor's before, for instance with AddStackExchangeRedisCache.");
        if (ReferenceEquals(vendor.ImplementationFactory, DefaultFace))
        {
            throw new InvalidOperationException("UseDistributedCache found the face that AddDistributedCache registered, which has a remote and is none: register the vendor's IDistributedCache, "
                + "then call UseDistributedCache, then AddDistributedCache.");
        }

        // Whoever asks for it all the same gets the same one.
        builder.Services.Remove(vendor);
        builder.Services.AddSingleton(services => services.GetRequiredKeyedService<IDistributedCache>(new RemoteOf(builder.Name)));
        return builder.UseDistributedCache(services =>
            (IDistributedCache)(
                vendor.ImplementationInstance ?? vendor.ImplementationFactory?.Invoke(services) ?? ActivatorUtilities.CreateInstance(
                    services, vendor.ImplementationType!)));
    }

    /// <summary>
    /// Makes an <see cref="IDistributedCache"/> the remote of this cache, in the place of memcached, with the weaker promise of
    /// <c>docs/other-remotes.md</c>.
    /// </summary>
    /// <param name="builder">What <c>AddNearCache</c> returned.</param>
    /// <param name="remote">Finds or makes it, once; the container disposes what it makes.</param>
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

    private static readonly Func<IServiceProvider, object> DefaultFace = static services =>
        new NearDistributedCache(services.GetRequiredService<NearCacheClient>());

    // The key of what a cache has for its remote.
    private sealed record RemoteOf(string Name);

    // The face of a cache with a name has that name for its key, as the cache has.
    private static string? KeyOf(INearCacheBuilder builder) => builder.Name.Length == 0 ? null : builder.Name;
}
