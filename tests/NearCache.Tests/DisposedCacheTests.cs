using System.Buffers;
using Microsoft.Extensions.Caching.Hybrid;
using NearCache.Tests.Creating;
using NearCache.Tests.Reading;
using NearCache.TestSupport;
using NearCache.TestSupport.Memcached;

namespace NearCache.Tests;

/// <summary>After disposal every call through every adapter throws, even if a near value could answer it.</summary>
public sealed class DisposedCacheTests
{
    [Theory]
    [InlineData("embedded")]
    [InlineData("memcached")]
    public async Task Every_call_after_disposal_says_so(string remote)
    {
        await using var shelf = new CacheFixture();
        await using var server = FakeMemcached.Start();
        var cache = remote == "embedded" ? shelf.Make(Configure) : OnMemcached(server);
        HybridCache hybrid = new NearHybridCache(cache);
        var distributed = new NearDistributedCache(cache);
        await cache.SetAsync(CacheFixture.Key, "value");
        await Eventually.BecomesTrueAsync(
            async () =>
            {
                shelf.Time.Advance(TimeSpan.FromMilliseconds(50));
                return (await cache.GetAsync<string>(CacheFixture.Key)).Source == CacheSource.Near;
            },
            "the value is near");
        await hybrid.GetOrCreateAsync("key", _ => ValueTask.FromResult("value"));
        var (locks, rules, reason) = (cache.Locks, cache.Rules, new EditReason { Who = "test", Why = "after disposal" });
        var watching = WatchAsync(rules);

        await cache.DisposeAsync();

        var calls = new Func<Task>[]
        {
            async () => await cache.GetAsync<string>(CacheFixture.Key),
            async () => await cache.GetAsync<string>(CacheFixture.Key.AsSpan()),
            async () => await cache.GetAsync<string>($"{CacheFixture.Key}"),
            async () => await cache.GetOrCreateAsync(CacheFixture.Key, _ => ValueTask.FromResult("made")),
            async () => await cache.GetOrCreateAsync(CacheFixture.Unmatched, 1, (_, _) => ValueTask.FromResult("made")),
            async () => await cache.GetOrCreateResultAsync(CacheFixture.Unmatched, _ => ValueTask.FromResult("made")),
            async () => await cache.GetManyAsync<string>([CacheFixture.Key]),
            async () => await cache.GetManyAsync<string>([]),
            () => cache.SetAsync(CacheFixture.Key, "other"),
            () => cache.AddAsync(CacheFixture.Key, "other"),
            () => cache.CompareAndSetAsync(CacheFixture.Key, "other", new CacheVersion(1, 1)),
            () => cache.TouchAsync(CacheFixture.Key, TimeSpan.FromHours(1)),
            () => cache.RemoveAsync(CacheFixture.Key),
            () => cache.SetManyAsync(new Dictionary<string, string> { [CacheFixture.Key] = "other" }),
            () => cache.SetManyAsync(new Dictionary<string, string>()),
            () => cache.RemoveManyAsync([CacheFixture.Key]),
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
            async () => await distributed.TryGetAsync("key", new ArrayBufferWriter<byte>()),
            async () => await distributed.SetAsync("key", new ReadOnlySequence<byte>([1]), new()),
            Sync(() => distributed.Get("key")),
            Sync(() => distributed.TryGet("key", new ArrayBufferWriter<byte>())),
            Sync(() => distributed.Set("key", [1], new())),
            Sync(() => distributed.Set("key", new ReadOnlySequence<byte>([1]), new())),
            Sync(() => distributed.Refresh("key")),
            Sync(() => distributed.Remove("key")),
            () => rules.GetAsync(),
            () => rules.GetUsageAsync(),
            () => rules.AddAsync(new RuleOptions { Name = "more", Match = "more:*" }, reason),
            () => rules.ChangeAsync("adapters", _ => { }, reason),
            () => rules.RemoveAsync("adapters", reason),
            () => rules.RemoveAsync("unknown", reason),
            () => rules.EnableAsync("adapters", reason),
            () => rules.DisableAsync("adapters", reason),
            () => rules.EndDryRunAsync("adapters", 1, reason),
            () => rules.StopAsync(null, reason),
            () => rules.StopAsync("unknown", reason),
            () => rules.ClearStopsAsync([], reason),
            async () => await rules.WatchAsync().GetAsyncEnumerator().MoveNextAsync(),
        };
        for (var i = 0; i < calls.Length; i++)
        {
            var e = await Record.ExceptionAsync(calls[i]);
            Assert.True(e is ObjectDisposedException, $"call {i}: {e}");
        }

        // What was watched before ends.
        await watching;
    }

    private static NearCacheClient OnMemcached(FakeMemcached server)
    {
        var options = new NearCacheOptions
        {
            KeyPrefix = "",
            RuleLease = TimeSpan.FromSeconds(1.5),
            Memcached = { Servers = { server.Address } },
            Rules = { new RuleOptions { Name = "products", Match = "product:*" } },
        };
        Configure(options);
        return new NearCacheClient(options);
    }

    private static void Configure(NearCacheOptions options) => options.Rules.Add(new RuleOptions { Name = "adapters", Match = "h:*" });

    private static async Task WatchAsync(IRuleRegistry rules)
    {
        await foreach (var _ in rules.WatchAsync())
        {
        }
    }

    private static Func<Task> Sync(Action call) => () =>
    {
        call();
        return Task.CompletedTask;
    };
}
