using Microsoft.Extensions.Caching.Hybrid;
using NearCache.Adapters.Hybrid;
using NearCache.Tests.Reading;

namespace NearCache.Tests.Adapters.Hybrid;

/// <summary>What of an entry is kept near.</summary>
public sealed class HybridItemsNearTests
{
    // A value that all callers share is not kept as bytes beside it, whichever call created it; one of which each caller gets a copy is
    // kept as nothing else.
    [Fact]
    public async Task What_is_near_is_kept_once()
    {
        await using var world = HybridFixture.Start();
        await world.Cache.GetOrCreateAsync("made", static _ => ValueTask.FromResult("shared"), tags: ["red"]);
        await world.Cache.SetAsync("read", "shared");
        await world.Cache.GetOrCreateAsync<string>("read", static _ => throw new InvalidOperationException("It is on the remote."));
        await world.Cache.SetAsync("set", "shared", new HybridCacheEntryOptions { Flags = HybridCacheEntryFlags.DisableDistributedCache });
        await world.Cache.GetOrCreateAsync("copied", static _ => ValueTask.FromResult(new List<int> { 1 }));

        Assert.Null(Assert.IsType<HybridItem>(world.NearItem("made")).Payload);
        Assert.Equal(["*", "red"], world.NearItem("made")!.Tags.Select(tag => tag.Name));
        Assert.Null(Assert.IsType<HybridItem>(world.NearItem("read")).Payload);
        Assert.Null(Assert.IsType<HybridItem>(world.NearItem("set")).Payload);
        Assert.NotNull(Assert.IsType<HybridItem>(world.NearItem("copied")).Payload);
        Assert.Equal(
            "shared", await world.Cache.GetOrCreateAsync<string>("made", static _ => throw new InvalidOperationException("It is near.")));
    }

    // Without the states of its tags a hit would run as a miss does, as far as the near tier.
    [Fact]
    public async Task What_is_near_knows_the_states_of_its_tags_before_its_first_hit()
    {
        await using var world = HybridFixture.Start();
        await world.Cache.GetOrCreateAsync("made", static _ => ValueTask.FromResult("shared"));
        await world.Cache.GetOrCreateAsync("tagged", static _ => ValueTask.FromResult("shared"), tags: ["red"]);
        await world.Cache.SetAsync("read", "shared");
        await world.Cache.GetOrCreateAsync<string>("read", static _ => throw new InvalidOperationException("It is on the remote."));
        await world.Cache.SetAsync("set", "shared", new HybridCacheEntryOptions { Flags = HybridCacheEntryFlags.DisableDistributedCache });

        Assert.All(["made", "tagged", "read", "set"], key => Assert.NotNull(world.NearItem(key)?.KnownDependencies));
        Assert.Equal(["*", "red"], world.NearItem("tagged")!.Tags.Select(tag => tag.Name));
    }

    [Fact]
    public async Task A_string_counts_with_two_bytes_for_a_character()
    {
        const int length = 10_000;
        await using var world = HybridFixture.Start();
        await world.Cache.GetOrCreateAsync("made", static _ => ValueTask.FromResult(new string('x', length)));
        await world.Cache.SetAsync("read", new string('x', length));
        await world.Cache.GetOrCreateAsync<string>("read", static _ => throw new InvalidOperationException("It is on the remote."));
        await world.Cache.GetOrCreateAsync("bytes", static _ => ValueTask.FromResult(new byte[length]));

        Assert.InRange(world.NearBytes("made"), 2 * length, (2 * length) + 500);
        Assert.InRange(world.NearBytes("read"), 2 * length, (2 * length) + 500);
        Assert.InRange(world.NearBytes("bytes"), length, length + 500);
    }
}
