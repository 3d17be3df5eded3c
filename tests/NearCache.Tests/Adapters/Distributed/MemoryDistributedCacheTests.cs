using Microsoft.Extensions.Caching.Distributed;
using Microsoft.Extensions.Caching.Memory;

namespace NearCache.Tests.Adapters.Distributed;

/// <summary>The contract holds for Microsoft's own.</summary>
public sealed class MemoryDistributedCacheTests : DistributedCacheContract
{
    public MemoryDistributedCacheTests() =>
        Cache = new MemoryDistributedCache(
            Microsoft.Extensions.Options.Options.Create(new MemoryDistributedCacheOptions { Clock = new SystemClock(Time) }));

    protected override IDistributedCache Cache { get; }
}
