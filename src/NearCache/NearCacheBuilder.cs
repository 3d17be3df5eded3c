using Microsoft.Extensions.DependencyInjection;

namespace NearCache;

/// <inheritdoc/>
internal sealed record NearCacheBuilder(string Name, IServiceCollection Services) : INearCacheBuilder;
