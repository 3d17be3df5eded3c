using Microsoft.Extensions.DependencyInjection;

namespace NearCache;

/// <summary>What <c>AddNearCache</c> returns: where further parts of a cache are registered.</summary>
public interface INearCacheBuilder
{
    /// <summary>The name of the cache, which is the key of its services; empty for the cache without a name.</summary>
    string Name { get; }

    /// <summary>The services that the cache was added to.</summary>
    IServiceCollection Services { get; }
}

/// <inheritdoc/>
internal sealed record NearCacheBuilder(string Name, IServiceCollection Services) : INearCacheBuilder;
