using NearCache.Remote.Embedded;

namespace NearCache.Tests.Remote.Keys;

public sealed class LongKeysTests
{
    private static readonly string Long = $"product:{new string('x', 400)}";

    [Fact]
    public async Task Without_the_setting_every_call_refuses_them()
    {
        await using var cache = new NearCacheClient(new NearCacheOptions());

        Assert.Contains(
            "LongKeys = Hash",
            (await Assert.ThrowsAsync<ArgumentException>(async () => await cache.GetAsync<string>(Long))).Message,
            StringComparison.Ordinal);
        await Assert.ThrowsAsync<ArgumentException>(async () => await cache.GetOrCreateAsync(Long, _ => ValueTask.FromResult("made")));
        await Assert.ThrowsAsync<ArgumentException>(() => cache.SetAsync(Long, "set"));
        await Assert.ThrowsAsync<ArgumentException>(() => cache.RemoveAsync(Long));
        await Assert.ThrowsAsync<ArgumentException>(async () => await cache.GetManyAsync<string>([Long]));
        await Assert.ThrowsAsync<ArgumentException>(() => cache.IncrementAsync(Long));
    }

    [Fact]
    public async Task With_the_setting_every_call_takes_them()
    {
        await using var cache = Hashing(new EmbeddedRemote(TimeProvider.System));

        await cache.SetAsync(Long, "set");
        Assert.Equal(("set", CacheSource.Remote), Of(await cache.GetAsync<string>(Long)));
        Assert.Equal(("set", CacheSource.Near), Of(await cache.GetAsync<string>(Long)));
        Assert.Equal(("set", CacheSource.Near), Of(await cache.GetAsync<string>(Long.AsSpan())));
        Assert.Equal(("set", CacheSource.Near), Of((await cache.GetManyAsync<string>([Long, "product:other"]))[Long]));
        Assert.Equal(("set", CacheSource.Near), Of(await cache.GetOrCreateResultAsync(Long, _ => ValueTask.FromResult("made"))));
        Assert.True(await cache.TouchAsync(Long, TimeSpan.FromHours(1)));
        Assert.False(await cache.AddAsync(Long, "added"));
        Assert.True(await cache.CompareAndSetAsync(Long, "compared", (await cache.GetAsync<string>(Long)).Version));
        Assert.Equal("compared", (await cache.GetAsync<string>(Long)).Value);
        Assert.True(await cache.RemoveAsync(Long));
        Assert.False((await cache.GetAsync<string>(Long)).HasValue);
        Assert.Equal("made", await cache.GetOrCreateAsync(Long, _ => ValueTask.FromResult("made")));
        await cache.SetManyAsync([KeyValuePair.Create(Long, "many")]);
        var many = await cache.GetManyAsync<string>([Long, Long + "y"]);
        Assert.Equal((2, "many", false), (many.Count, many[Long].Value, many[Long + "y"].HasValue));
        Assert.Equal((1, 2), (await cache.IncrementAsync(Long), await cache.IncrementAsync(Long)));
        await using (var held = await cache.Locks.TryAcquireAsync(Long))
        {
            Assert.NotNull(held);
        }
    }

    [Fact]
    public async Task A_change_elsewhere_is_seen_and_a_key_that_begins_alike_is_another()
    {
        await using var remote = new EmbeddedRemote(TimeProvider.System);
        await using var one = Hashing(remote);
        await using var other = Hashing(remote);
        await one.SetAsync(Long, "first");
        await one.SetAsync(Long + "y", "another");
        Assert.Equal("first", (await other.GetAsync<string>(Long)).Value);

        await one.SetAsync(Long, "second");

        await TestSupport.Eventually.BecomesTrueAsync(
            async () => (await other.GetAsync<string>(Long)).Value == "second", "the other process sees the change");
        Assert.Equal("another", (await other.GetAsync<string>(Long + "y")).Value);
    }

    private static NearCacheClient Hashing(EmbeddedRemote remote) =>
        new(
            new NearCacheOptions { LongKeys = LongKeyPolicy.Hash, Rules = { new RuleOptions { Name = "products", Match = "product:*" } } },
            remote);

    private static (string?, CacheSource) Of(CacheResult<string> result) => (result.Value, result.Source);
}
