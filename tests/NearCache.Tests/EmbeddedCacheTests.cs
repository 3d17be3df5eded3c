namespace NearCache.Tests;

public sealed class EmbeddedCacheTests
{
    [Fact]
    public async Task A_key_with_a_rule_is_near_from_the_second_read_on()
    {
        await using var cache = Make();
        await cache.SetAsync("product:1", "one");

        var first = await cache.GetAsync<string>("product:1");
        var second = await cache.GetAsync<string>("product:1");

        Assert.Equal(("one", CacheSource.Remote), (first.Value, first.Source));
        Assert.Equal(("one", CacheSource.Near), (second.Value, second.Source));
    }

    [Fact]
    public async Task A_key_without_a_rule_is_never_near()
    {
        await using var cache = Make();
        await cache.SetAsync("basket:1", "one");

        await cache.GetAsync<string>("basket:1");

        Assert.Equal(CacheSource.Remote, (await cache.GetAsync<string>("basket:1")).Source);
    }

    [Fact]
    public async Task A_set_is_seen_by_the_next_read()
    {
        await using var cache = Make();
        for (var i = 0; i < 100; i++)
        {
            await cache.SetAsync("product:1", i);
            Assert.Equal((i, CacheSource.Remote), Of(await cache.GetAsync<int>("product:1")));
            Assert.Equal((i, CacheSource.Near), Of(await cache.GetAsync<int>("product:1")));
        }
    }

    [Fact]
    public async Task A_factory_runs_once_for_callers_that_come_together()
    {
        await using var cache = Make();
        var source = new TaskCompletionSource<string>();
        var runs = 0;
        var callers = Enumerable.Range(0, 50).Select(_ => cache.GetOrCreateAsync("product:1", async _ =>
        {
            Interlocked.Increment(ref runs);
            return await source.Task;
        }).AsTask()).ToArray();

        source.SetResult("made");

        Assert.All(await Task.WhenAll(callers), value => Assert.Equal("made", value));
        Assert.Equal(1, runs);
        Assert.Equal("made", (await cache.GetAsync<string>("product:1")).Value);
    }

    [Fact]
    public async Task A_removed_key_is_gone_and_its_factory_runs_again()
    {
        await using var cache = Make();
        await cache.GetOrCreateAsync("product:1", _ => ValueTask.FromResult("old"));
        Assert.True(await cache.RemoveAsync("product:1"));

        Assert.False((await cache.GetAsync<string>("product:1")).HasValue);
        Assert.Equal("new", await cache.GetOrCreateAsync("product:1", _ => ValueTask.FromResult("new")));
    }

    [Fact]
    public async Task A_counter_counts_and_is_no_key()
    {
        await using var cache = Make();

        Assert.Equal(1, await cache.IncrementAsync("views"));
        Assert.Equal(6, await cache.IncrementAsync("views", 5));
        Assert.Equal(4, await cache.IncrementAsync("views", -2));
        Assert.False((await cache.GetAsync<string>("views")).HasValue);
    }

    private static (T? Value, CacheSource Source) Of<T>(CacheResult<T> result) => (result.Value, result.Source);

    private static NearCacheClient Make() =>
        new(new NearCacheOptions { Rules = { new RuleOptions { Name = "products", Match = "product:*" } } });
}
