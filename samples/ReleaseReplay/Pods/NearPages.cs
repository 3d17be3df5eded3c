using NearCache;

namespace ReleaseReplay.Pods;

/// <summary>The pages over NearCache.</summary>
internal sealed class NearPages(INearCache cache) : IPageCache
{
    public async ValueTask<string> GetAsync(string key, SourceLoad load)
    {
        try
        {
            return (await cache.GetOrCreateAsync(key, _ => load.ReadAsync(key)))!;
        }
        catch (NearCacheException)
        {
            // OnRemoteFailure = Throw: the application decides, and this one reads the source.
            return await load.ReadAsync(key);
        }
    }
}
