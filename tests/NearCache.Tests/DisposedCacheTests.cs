using Microsoft.Extensions.Caching.Hybrid;
using NearCache.TestSupport;
using NearCache.Tests.Paths;

namespace NearCache.Tests;

/// <summary>After disposal every call through every face says so, also one that a near value could answer.</summary>
public sealed class DisposedCacheTests
{
    [Fact]
    public async Task Every_call_after_disposal_says_so()
    {
        await using var shelf = new Shelf();
        var cache = shelf.Make(options => options.Rules.Add(new RuleOptions { Name = "faces", Match = "h:*" }));
        HybridCache hybrid = new NearHybridCache(cache);
        var distributed = new NearDistributedCache(cache);
        await cache.SetAsync(Shelf.Key, "value");
        await Eventually.BecomesTrueAsync(async () => (await cache.GetAsync<string>(Shelf.Key)).Source == CacheSource.Near, "the value is near");
        await hybrid.GetOrCreateAsync("key", _ => ValueTask.FromResult("value"));
        var locks = cache.Locks;

        await cache.DisposeAsync();

        var calls = new Func<Task>[]
        {
            async () => await cache.GetAsync<string>(Shelf.Key),
            async () => await cache.GetAsync<string>(Shelf.Key.AsSpan()),
            async () => await cache.GetAsync<string>($"{Shelf.Key}"),
            async () => await cache.GetOrCreateAsync(Shelf.Key, _ => ValueTask.FromResult("made")),
            async () => await cache.GetOrCreateAsync(Shelf.Unmatched, 1, (_, _) => ValueTask.FromResult("made")),
            async () => await cache.GetOrCreateResultAsync(Shelf.Unmatched, _ => ValueTask.FromResult("made")),
            async () => await cache.GetManyAsync<string>([Shelf.Key]),
            async () => await cache.GetManyAsync<string>([]),
            () => cache.SetAsync(Shelf.Key, "other"),
            () => cache.AddAsync(Shelf.Key, "other"),
            () => cache.CompareAndSetAsync(Shelf.Key, "other", new CacheVersion(1, 1)),
            () => cache.TouchAsync(Shelf.Key, TimeSpan.FromHours(1)),
            () => cache.RemoveAsync(Shelf.Key),
            () => cache.SetManyAsync(new Dictionary<string, string> { [Shelf.Key] = "other" }),
            () => cache.SetManyAsync(new Dictionary<string, string>()),
            () => cache.RemoveManyAsync([Shelf.Key]),
            () => cache.RemoveManyAsync([]),
            () => cache.IncrementAsync("counter"),
            () => locks.TryAcquireAsync("lock"),
            () => cache.SetServersAsync(["localhost"]),
            async () => await hybrid.GetOrCreateAsync("key", _ => ValueTask.FromResult("made")),
            async () => await hybrid.GetOrCreateAsync(" ", _ => ValueTask.FromResult("made")),
            async () => await hybrid.SetAsync("key", "value"),
            async () => await hybrid.RemoveAsync("key"),
            async () => await hybrid.RemoveByTagAsync("tag"),
            async () => await hybrid.RemoveByTagAsync("*"),
            () => distributed.GetAsync("key"),
            () => distributed.SetAsync("key", [1], new()),
            () => distributed.RefreshAsync("key"),
            () => distributed.RemoveAsync("key"),
        };
        for (var i = 0; i < calls.Length; i++)
        {
            var e = await Record.ExceptionAsync(calls[i]);
            Assert.True(e is ObjectDisposedException, $"call {i}: {e}");
        }
    }
}
