using Microsoft.Extensions.DependencyInjection;

namespace NearCache;

/// <inheritdoc/>
internal sealed record NearCacheBuilder(IServiceCollection Services) : INearCacheBuilder;
