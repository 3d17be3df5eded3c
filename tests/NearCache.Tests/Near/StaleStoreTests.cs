using System.Text;
using System.Text.Json;
using NearCache.Coherence.Core;
using NearCache.Near;
using NearCache.Remote.Formats;
using NearCache.Tests.Reading;
using NearCache.TestSupport;

namespace NearCache.Tests.Near;

public sealed class StaleStoreTests
{
    private static readonly TimeSpan Hour = TimeSpan.FromHours(1);
    private readonly ManualTime _time = new();

    [Fact]
    public void It_keeps_the_newest_values_within_its_capacity()
    {
        using var store = new StaleStore(100, new NearClock(_time), SharedTypes.Immutable);
        for (var i = 0; i < 1000; i++)
        {
            Keep(store, $"key {i}", "value");
            Assert.InRange(store.Count, 1, 100);
        }

        Assert.All(Enumerable.Range(950, 50), i => Assert.True(store.TryGet<string>($"key {i}", Hour, out _)));
        Assert.False(store.TryGet<string>("key 0", Hour, out _));
    }

    [Fact]
    public void Its_memory_counts_in_the_budget_and_is_released()
    {
        var memory = new MemoryBudget(64_000);
        using (var store = new StaleStore(1000, new NearClock(_time), SharedTypes.Immutable, memory))
        {
            for (var i = 0; i < 500; i++)
            {
                Keep(store, $"key {i}", new string('a', 1000));
                Keep(store, $"key {i}", new string('a', 500));
                Assert.Equal(store.Bytes, memory.Used);
                Assert.InRange(memory.Used, 1, 64_000);
            }

            Assert.True(store.TryGet<string>("key 499", Hour, out _));
            store.Drop("key 499", HashOf("key 499"));
            Assert.Equal(store.Bytes, memory.Used);

            // A value larger than the budget is not kept, and drops the value it replaces.
            Keep(store, "key 498", new string('a', 100_000));
            Assert.False(store.TryGet<string>("key 498", Hour, out _));
        }

        Assert.Equal(0, memory.Used);
    }

    [Fact]
    public void A_key_that_is_kept_again_and_again_leaves_room_for_others()
    {
        using var store = new StaleStore(100, new NearClock(_time), SharedTypes.Immutable);
        Keep(store, "quiet", "value");
        for (var i = 0; i < 1000; i++)
        {
            Keep(store, "busy", "value");
        }

        Assert.True(store.TryGet<string>("quiet", Hour, out _));
    }

    [Fact]
    public void A_read_that_began_before_a_drop_brings_nothing_back()
    {
        using var store = new StaleStore(100, new NearClock(_time), SharedTypes.Immutable);
        var epoch = store.EpochOf(HashOf("key"));

        store.Drop("key", HashOf("key"));
        store.Keep("key", HashOf("key"), epoch, "old", default, EnvelopeCodecs.For<string>(JsonSerializerOptions.Default));

        Assert.False(store.TryGet<string>("key", Hour, out _));
    }

    [Fact]
    public void A_dropped_key_is_gone_from_both_maps()
    {
        using var store = new StaleStore(10, new NearClock(_time), SharedTypes.Immutable);
        for (var i = 0; i < 7; i++)
        {
            Keep(store, $"key {i}", "value");
        }

        for (var i = 0; i < 7; i++)
        {
            store.Drop($"key {i}", HashOf($"key {i}"));
            Assert.False(store.TryGet<string>($"key {i}", Hour, out _));
        }

        Assert.Equal(0, store.Count);
    }

    [Fact]
    public void Each_caller_gets_a_copy_of_a_mutable_value()
    {
        using var store = new StaleStore(10, new NearClock(_time), SharedTypes.Immutable);
        var kept = new List<int> { 1 };
        store.Keep(
            "key", HashOf("key"), store.EpochOf(HashOf("key")), kept, default,
                EnvelopeCodecs.For<List<int>>(JsonSerializerOptions.Default));
        kept.Add(2);

        Assert.True(store.TryGet<List<int>>("key", Hour, out var result));
        Assert.Equal([1], result.Value!);
        Assert.False(store.TryGet<string>("key", Hour, out _));
    }

    [Fact]
    public void No_call_waits_while_a_map_grows()
    {
        using var store = new StaleStore(200_000, new NearClock(_time), SharedTypes.Immutable, new MemoryBudget(1L << 30));
        string[] keys = [.. Enumerable.Range(0, 99_000).Select(i => $"key {i}")];
        Keep(store, "first", "value");
        var largest = 0L;
        foreach (var key in keys)
        {
            var before = GC.GetAllocatedBytesForCurrentThread();
            Keep(store, key, "value");
            largest = Math.Max(largest, GC.GetAllocatedBytesForCurrentThread() - before);
        }

        // A table of tens of thousands of buckets is no node.
        Assert.InRange(largest, 1, 20_000);
    }

    private static void Keep(StaleStore store, string key, string value) =>
        store.Keep(key, HashOf(key), store.EpochOf(HashOf(key)), value, default, EnvelopeCodecs.For<string>(JsonSerializerOptions.Default));

    private static KeyHash HashOf(string key) => KeyHash.Of(Encoding.UTF8.GetBytes(key));
}
