using Microsoft.Extensions.Caching.Hybrid;
using NearCache.Tests.Creating;
using NearCache.TestSupport;

namespace NearCache.Tests.Sequences;

/// <summary>
/// Values that linger while a key's server is down end with the removal of a tag, as with that of the key, and otherwise with the bound.
/// </summary>
public sealed class TagsWhileAServerIsAwayTests
{
    private const string Tag = "tag0";   // on the server that stays
    private const string Key = "key1";   // on the one that goes away

    [Theory]
    [InlineData(HybridCacheEntryFlags.None)]
    [InlineData(HybridCacheEntryFlags.DisableDistributedCacheRead)]
    public async Task A_removed_tag_ends_what_lingers(HybridCacheEntryFlags flags)
    {
        var time = new ManualTime();
        var remote = new TwoServerRemote(time);
        await using var client = new NearCacheClient(new NearCacheOptions(), remote, timeProvider: time);
        HybridCache cache = new NearHybridCache(client);
        var options = new HybridCacheEntryOptions { Flags = flags };
        remote.IsOddAway = true;
        Assert.Equal("old", await MakeAsync("old"));
        Assert.Equal("old", await MakeAsync("not asked"));   // it lingers

        await cache.RemoveByTagAsync(Tag);

        Assert.Equal("new", await MakeAsync("new"));
        await cache.RemoveByTagAsync("another2");
        Assert.Equal("new", await MakeAsync("not asked"));

        ValueTask<string> MakeAsync(string value) => cache.GetOrCreateAsync(Key, _ => ValueTask.FromResult(value), options, [Tag]);
    }

    [Fact]
    public async Task What_lingers_is_never_older_than_the_bound_when_a_call_begins()
    {
        await using var fleet = await Fleet.StartAsync(
            options => (options.MaxStaleness, options.FactoryReuse) = (TimeSpan.FromSeconds(3), TimeSpan.FromSeconds(3)));
        const string Unmatched = "basket:1";
        fleet.HereRemote.IsAway = true;
        var source = new TaskCompletionSource<string>();
        var slow = fleet.Here.GetOrCreateAsync(Unmatched, async _ => await source.Task).AsTask();
        await fleet.There.RemoveAsync(Unmatched);
        await fleet.TurnAsync(TimeSpan.FromSeconds(2.9));
        source.SetResult("old");
        Assert.Equal("old", await slow);

        Assert.Equal("old", await fleet.Here.GetOrCreateAsync(Unmatched, _ => ValueTask.FromResult("new")));
        await fleet.TurnAsync(TimeSpan.FromSeconds(0.2));

        Assert.Equal("new", await fleet.Here.GetOrCreateAsync(Unmatched, _ => ValueTask.FromResult("new")));
    }
}
