using NearCache.Near;

namespace NearCache.Tests.Near;

/// <summary>Reads of many keys that are all near.</summary>
public sealed class NearResultsTests
{
    [Theory]
    [InlineData(1)]
    [InlineData(4)]
    [InlineData(5)]
    [InlineData(65)]
    [InlineData(200)]
    [InlineData(512)]
    public async Task The_results_are_the_only_allocation(int count)
    {
        await using var cache = await FilledAsync(count);
        var (keys, list) = (KeysOf(count), KeysOf(count).ToList());

        var bytes = FewestBytes(() => NearResults<string>.For(count).Count);
        Assert.Equal(bytes, FewestBytes(() => CountOf(cache.GetManyAsync<string>(keys))));
        Assert.Equal(bytes, FewestBytes(() => CountOf(cache.GetManyAsync<string>(list))));

        static int CountOf(ValueTask<IReadOnlyDictionary<string, CacheResult<string>>> read) => read.Result.Count;
    }

    [Theory]
    [InlineData(3)]
    [InlineData(100)]
    [InlineData(513)]
    [InlineData(3000)]
    public async Task They_are_those_of_reads_one_by_one(int count)
    {
        await using var cache = await FilledAsync(count);
        string[] keys = [.. KeysOf(count), .. KeysOf(count / 2)];
        var hits = cache.Snapshot().NearHits;

        var read = await cache.GetManyAsync<string>(keys);
        IReadOnlyDictionary<string, CacheResult<string>>[] all =
            [read, await cache.GetManyAsync<string>([.. keys]), await cache.GetManyAsync<string>(keys.Where(_ => true))];

        Assert.IsType<NearResults<string>>(read, exactMatch: false);
        Assert.All(all, results =>
        {
            Assert.Equal(count, results.Count);
            Assert.Equal(KeysOf(count), results.Keys);
            Assert.Equal(KeysOf(count).Select(ValueOf), results.Values.Select(result => result.Value));
            Assert.All(KeysOf(count), key => Assert.Equal((ValueOf(key), CacheSource.Near), Of(results[key])));
            Assert.All(results, result => Assert.NotEqual(CacheVersion.None, result.Value.Version));
            Assert.False(results.ContainsKey("product:none"));
            Assert.Throws<KeyNotFoundException>(() => results["product:none"]);
        });
        Assert.Equal(hits + (2 * keys.Length) + count, cache.Snapshot().NearHits);
    }

    [Fact]
    public async Task A_hit_before_a_key_that_is_not_near_counts_once()
    {
        await using var cache = await FilledAsync(10);
        await cache.SetAsync("product:far", "far");
        var hits = cache.Snapshot().NearHits;

        var read = await cache.GetManyAsync<string>([.. KeysOf(9), "product:far", "product:none", .. KeysOf(10)]);

        Assert.Equal(hits + 10, cache.Snapshot().NearHits);
        Assert.Equal(12, read.Count);
        Assert.All(KeysOf(10), key => Assert.Equal((ValueOf(key), CacheSource.Near), Of(read[key])));
        Assert.Equal(("far", CacheSource.Remote), Of(read["product:far"]));
        Assert.False(read["product:none"].HasValue);
    }

    [Fact]
    public async Task A_copied_value_is_one_of_the_caller()
    {
        await using var cache = Make();
        await cache.SetAsync("product:1", new List<int> { 1 });
        await cache.GetAsync<List<int>>("product:1");

        var (first, second) = (await cache.GetManyAsync<List<int>>(["product:1"]), await cache.GetManyAsync<List<int>>(["product:1"]));

        first["product:1"].Value!.Add(2);
        Assert.Equal([1], second["product:1"].Value!);
        Assert.Equal(CacheSource.Near, second["product:1"].Source);
    }

    [Fact]
    public async Task A_cancelled_call_is_cancelled_and_a_disposed_cache_refuses()
    {
        var cache = await FilledAsync(1);
        using var cancelled = new CancellationTokenSource();
        await cancelled.CancelAsync();

        await Assert.ThrowsAnyAsync<OperationCanceledException>(async () => await cache.GetManyAsync<string>(KeysOf(1), cancelled.Token));
        await cache.DisposeAsync();
        await Assert.ThrowsAsync<ObjectDisposedException>(async () => await cache.GetManyAsync<string>(KeysOf(1)));
    }

    // Of many runs, because code allocates more until it is optimized.
    private static long FewestBytes(Func<int> read) => Enumerable.Range(0, 3000).Min(_ =>
    {
        var before = GC.GetAllocatedBytesForCurrentThread();
        read();
        return GC.GetAllocatedBytesForCurrentThread() - before;
    });

    private static (T? Value, CacheSource Source) Of<T>(CacheResult<T> result) => (result.Value, result.Source);

    private static string[] KeysOf(int count) => [.. Enumerable.Range(0, count).Select(i => $"product:{i}")];

    private static string ValueOf(string key) => $"value of {key}";

    private static async Task<NearCacheClient> FilledAsync(int count)
    {
        var cache = Make();
        foreach (var key in KeysOf(count))
        {
            await cache.SetAsync(key, ValueOf(key));
            await cache.GetAsync<string>(key);
        }

        return cache;
    }

    private static NearCacheClient Make() =>
        new(
            new NearCacheOptions
            {
                MaxStaleness = TimeSpan.FromHours(1),
                Rules = { new RuleOptions { Name = "products", Match = "product:*" } },
            });
}
