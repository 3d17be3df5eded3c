using Microsoft.Extensions.Caching.Hybrid;

namespace NearCache.Tests.Adapters.Hybrid;

/// <summary>Looks into one tier of a <see cref="HybridCache"/>, by its flags alone.</summary>
internal static class TierProbe
{
    private const HybridCacheEntryFlags NoFactory = HybridCacheEntryFlags.DisableUnderlyingData;

    public static ValueTask<string?> NearAsync(this HybridCache cache, string key) =>
        ReadAsync(cache, key, HybridCacheEntryFlags.DisableDistributedCache | NoFactory);

    public static ValueTask<string?> RemoteAsync(this HybridCache cache, string key) =>
        ReadAsync(cache, key, HybridCacheEntryFlags.DisableLocalCache | NoFactory);

    public static ValueTask<string?> AnywhereAsync(this HybridCache cache, string key) => ReadAsync(cache, key, NoFactory);

    public static ValueTask<string?> MakeAsync(this HybridCache cache, string key, string value, params string[] tags) =>
        cache.GetOrCreateAsync(key, value, static (value, _) => ValueTask.FromResult<string?>(value), tags: tags);

    private static ValueTask<string?> ReadAsync(HybridCache cache, string key, HybridCacheEntryFlags flags) =>
        cache.GetOrCreateAsync<string?>(
            key, static _ => throw new InvalidOperationException("No factory may run."), new HybridCacheEntryOptions { Flags = flags });
}
