using System.Collections.Immutable;

namespace NearCache.Tests.Near;

/// <summary>The estimated memory of near values that are kept as objects, beside their real size on 64 bits.</summary>
public sealed class ValueSizesTests
{
    // The overhead that the estimate adds to each entry, besides two bytes for each character of the key.
    private const int Overhead = 200;
    private const int ArrayHeader = 24;
    private const int Count = 1000;

    [Fact]
    public async Task A_shared_graph_counts_with_at_least_its_size_and_at_most_four_times()
    {
        // Nodes of 48 bytes for some four bytes of JSON.
        await EstimatesAsync("list", ImmutableList.CreateRange(Enumerable.Range(0, Count)), Count * 48);
        var texts = Enumerable.Range(0, Count).Select(i => $"text {i:D5}");
        await EstimatesAsync("texts", ImmutableArray.CreateRange(texts), ArrayHeader + (Count * (8 + 48)));

        // Shared because of its rule: an array for each of the points, and the points.
        var points = Enumerable.Range(0, Count).Select(i => new int[] { i, 2 * i });
        await EstimatesAsync("points", points.ToArray(), ArrayHeader + (Count * (8 + ArrayHeader + 8)));
    }

    [Fact]
    public async Task Later_values_of_a_type_count_in_proportion()
    {
        await using var cache = Make();
        var one = await BytesOfAsync(cache, "one", ImmutableList.CreateRange(Enumerable.Range(1000, Count)));
        var ten = await BytesOfAsync(cache, "ten", ImmutableList.CreateRange(Enumerable.Range(1000, 10 * Count)));

        Assert.InRange(ten, 9 * one, 13 * one);
    }

    // What each decoding allocates besides is most of what a small value allocates, and nearly nothing of a large one.
    [Fact]
    public async Task A_large_value_after_a_small_one_counts_as_the_first_would()
    {
        await using var cache = Make();
        await BytesOfAsync(cache, "one", ImmutableList.Create(7));
        var large = await BytesOfAsync(cache, "ten", ImmutableList.CreateRange(Enumerable.Range(0, Count)));

        Assert.InRange(large, Count * 48, 4 * Count * 48);
    }

    [Fact]
    public async Task A_string_counts_with_two_bytes_for_a_character_and_a_copied_value_with_its_bytes()
    {
        await using var cache = Make();

        Assert.Equal(2 * Count, await BytesOfAsync(cache, "text", new string('x', Count)));
        Assert.Equal((2 * Count) + 1, await BytesOfAsync(cache, "copied:list", Enumerable.Repeat(1, Count).ToList()));
        Assert.Equal(1, await BytesOfAsync(cache, "number", 7));
    }

    private static async Task EstimatesAsync<T>(string key, T value, int size)
    {
        await using var cache = Make();
        Assert.InRange(await BytesOfAsync(cache, key, value), size, 4 * size);
    }

    private static async Task<long> BytesOfAsync<T>(NearCacheClient cache, string key, T value)
    {
        var before = cache.Snapshot().NearBytes;
        await cache.SetAsync(key, value);
        Assert.Equal(CacheSource.Remote, (await cache.GetAsync<T>(key)).Source);
        Assert.Equal(CacheSource.Near, (await cache.GetAsync<T>(key)).Source);
        return cache.Snapshot().NearBytes - before - Overhead - (2 * key.Length);
    }

    private static NearCacheClient Make() =>
        new(
            new NearCacheOptions
            {
                MaxStaleness = TimeSpan.FromHours(1),
                Rules =
                {
                    new RuleOptions { Name = "copied", Match = "copied:*" },
                    new RuleOptions { Name = "list", Match = "list", ShareValues = true },
                    new RuleOptions { Name = "texts", Match = "texts", ShareValues = true },
                    new RuleOptions { Name = "points", Match = "points", ShareValues = true },
                    new RuleOptions { Name = "one", Match = "one" },
                    new RuleOptions { Name = "ten", Match = "ten" },
                    new RuleOptions { Name = "text", Match = "text" },
                    new RuleOptions { Name = "number", Match = "number" },
                },
            });
}
