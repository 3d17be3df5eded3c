using System.Collections.Immutable;
using Microsoft.Extensions.Caching.Hybrid;

namespace NearCache.Tests.Adapters.Hybrid;

/// <summary>The estimated memory of shared objects that are kept near, beside their real size on 64 bits.</summary>
public sealed class HybridSizesTests
{
    // The entry, the item and the key.
    private const int Overhead = 400;
    private const int ArrayHeader = 24;
    private const int Count = 1000;

    private static readonly HybridCacheEntryOptions NotRemote = new() { Flags = HybridCacheEntryFlags.DisableDistributedCache };

    [Fact]
    public async Task A_shared_graph_counts_with_at_least_its_size_and_at_most_four_times()
    {
        await EstimatesAsync(NumbersTo(Count), Count * 48);
        var texts = Enumerable.Range(0, Count).Select(i => $"text {i:D5}");
        await EstimatesAsync(ImmutableArray.CreateRange(texts), ArrayHeader + (Count * (8 + 48)));

        // Declared as immutable: an array for each of the points, and the points.
        var points = Enumerable.Range(0, Count).Select(i => new int[] { i, 2 * i });
        await EstimatesAsync(points.ToArray(), ArrayHeader + (Count * (8 + ArrayHeader + 8)));
    }

    // What each decoding allocates besides is most of what a small value allocates, and nearly nothing of a large one.
    [Fact]
    public async Task A_large_value_after_a_small_one_counts_as_the_first_would()
    {
        await using var world = HybridFixture.Start();
        await ReadAsync(world, "small", NumbersTo(1));
        await ReadAsync(world, "large", NumbersTo(Count));

        Assert.InRange(world.NearBytes("large"), Count * 48, (4 * Count * 48) + Overhead);
    }

    // The copies that callers get are no part of the item. Once it is read as a type that all callers share, that is what it holds.
    [Fact]
    public async Task An_item_counts_by_the_type_that_is_kept_of_it()
    {
        await using var world = HybridFixture.Start();
        await ReadAsync(world, "key", Enumerable.Range(0, Count).ToList());
        Assert.InRange(world.NearBytes("key"), 0, (5 * Count) + Overhead);

        var first = await GetAsync<ImmutableList<int>>(world, "key");
        Assert.InRange(world.NearBytes("key"), Count * 48, (4 * Count * 48) + Overhead);
        Assert.Same(first, await GetAsync<ImmutableList<int>>(world, "key"));
        Assert.Equal(world.NearBytes("key"), world.Near.Bytes);
    }

    [Fact]
    public async Task A_limit_that_decoding_exceeds_evicts()
    {
        const int limit = 300_000;
        await using var world = HybridFixture.Start(options => options.NearBytes = limit);
        var keys = Enumerable.Range(0, 20).Select(i => $"list:{i}").ToArray();
        foreach (var key in keys)
        {
            // 4 KB of bytes each, and at least 48 KB as an object.
            await ReadAsync(world, key, NumbersTo(Count));
            Assert.InRange(world.Near.Bytes, 1, limit);
        }

        Assert.InRange(world.Near.Entries, 1, limit / (Count * 48));
        Assert.Equal(keys.Sum(world.NearBytes), world.Near.Bytes);
    }

    private static async Task EstimatesAsync<T>(T value, int size)
    {
        await using var world = HybridFixture.Start(options => options.ImmutableTypes.Add(typeof(int[][])));
        await ReadAsync(world, "read", value);
        await world.Cache.GetOrCreateAsync("made", value, static (value, _) => ValueTask.FromResult(value));
        await world.Cache.SetAsync("set", value, NotRemote);
        Assert.All(["read", "made", "set"], key => Assert.InRange(world.NearBytes(key), size, (4 * size) + Overhead));
        Assert.Equal(world.NearBytes("read") + world.NearBytes("made") + world.NearBytes("set"), world.Near.Bytes);
    }

    private static async Task ReadAsync<T>(HybridFixture world, string key, T value)
    {
        await world.Cache.SetAsync(key, value);
        await GetAsync<T>(world, key);
    }

    private static ValueTask<T> GetAsync<T>(HybridFixture world, string key) =>
        world.Cache.GetOrCreateAsync<T>(key, static _ => throw new InvalidOperationException("It is cached."));

    private static ImmutableList<int> NumbersTo(int count) => ImmutableList.CreateRange(Enumerable.Range(0, count));
}
