using Microsoft.Extensions.DependencyInjection;

namespace NearCache;

/// <summary>Configures further services of a cache. Returned by <c>AddNearCache</c>.</summary>
public interface INearCacheBuilder
{
    /// <summary>Gets the name of the cache, which is the key of its services; empty for the unnamed one.</summary>
    string Name { get; }

    /// <summary>Gets the services that the cache was added to.</summary>
    IServiceCollection Services { get; }
}

/// <inheritdoc/>
internal sealed record NearCacheBuilder(string Name, IServiceCollection Services) : INearCacheBuilder;
