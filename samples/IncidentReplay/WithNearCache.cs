using NearCache;

namespace IncidentReplay;

/// <summary>One simulated process with NearCache.</summary>
internal sealed class WithNearCache(NearCacheClient cache) : ICacheUnderTest
{
    public NearCacheClient Cache => cache;

    public async ValueTask<string?> GetAsync(string key) => (await cache.GetAsync<string>(key)).Value;

    public Task SetAsync(string key, string value) => cache.SetAsync(key, value);

    public async Task RemoveAsync(string key) => await cache.RemoveAsync(key);

    public ValueTask DisposeAsync() => cache.DisposeAsync();
}
