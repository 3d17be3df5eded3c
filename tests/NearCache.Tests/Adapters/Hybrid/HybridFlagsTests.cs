using Microsoft.Extensions.Caching.Hybrid;
using NearCache.Memcached.Protocol;
using NearCache.Remote.Formats;

namespace NearCache.Tests.Adapters.Hybrid;

/// <summary>Every combination of flags, against every state of the tiers.</summary>
public sealed class HybridFlagsTests
{
    private const string Key = "key";

    public static TheoryData<int> Combinations => [.. Enumerable.Range(0, 64)];

    [Theory]
    [MemberData(nameof(Combinations))]
    public async Task A_read_asks_and_fills_the_tiers_that_its_flags_leave(int combination)
    {
        var flags = (HybridCacheEntryFlags)combination;
        foreach (var (near, remote) in new (string?, string?)[] { (null, null), (null, "remote"), ("near", "remote"), ("near", null) })
        {
            await using var world = await StartAsync(near, remote);
            var (readsNear, keepsNear) = (
                Lacks(flags, HybridCacheEntryFlags.DisableLocalCacheRead), Lacks(flags, HybridCacheEntryFlags.DisableLocalCacheWrite));
            var (readsRemote, writesRemote) = (
                Lacks(flags, HybridCacheEntryFlags.DisableDistributedCacheRead),
                Lacks(flags, HybridCacheEntryFlags.DisableDistributedCacheWrite));
            var runsFactory = Lacks(flags, HybridCacheEntryFlags.DisableUnderlyingData);
            var isNear = readsNear && near is not null;
            var isRemote = !isNear && readsRemote && remote is not null;
            var isMade = !isNear && !isRemote && runsFactory;

            var runs = 0;
            var value = await world.Cache.GetOrCreateAsync<string?>(
                Key, _ => ValueTask.FromResult<string?>($"made {++runs}"), new HybridCacheEntryOptions { Flags = flags });

            Assert.Equal(isNear ? near : isRemote ? remote : isMade ? "made 1" : null, value);
            Assert.Equal(isMade ? 1 : 0, runs);
            Assert.Equal(isMade && keepsNear ? "made 1" : isRemote && keepsNear ? remote : near, await world.Cache.NearAsync(Key));
            Assert.Equal(isMade && writesRemote ? "made 1" : remote, await world.Cache.RemoteAsync(Key));
        }
    }

    [Theory]
    [MemberData(nameof(Combinations))]
    public async Task A_set_writes_the_tiers_that_its_flags_leave(int combination)
    {
        var flags = (HybridCacheEntryFlags)combination;
        var (keepsNear, writesRemote) = (
            Lacks(flags, HybridCacheEntryFlags.DisableLocalCacheWrite), Lacks(flags, HybridCacheEntryFlags.DisableDistributedCacheWrite));
        await using var world = await StartAsync("near", "remote");

        await world.Cache.SetAsync(Key, "set", new HybridCacheEntryOptions { Flags = flags });

        // What is written to the remote is near from the first read on.
        Assert.Equal(writesRemote ? null : keepsNear ? "set" : "near", await world.Cache.NearAsync(Key));
        Assert.Equal(writesRemote ? "set" : "remote", await world.Cache.RemoteAsync(Key));
    }

    [Fact]
    public async Task A_miss_without_a_factory_is_the_default_of_its_type()
    {
        await using var world = HybridFixture.Start();
        var options = new HybridCacheEntryOptions { Flags = HybridCacheEntryFlags.DisableUnderlyingData };

        Assert.Equal(0, await world.Cache.GetOrCreateAsync<int>(Key, _ => throw new InvalidOperationException(), options));
        Assert.Null(await world.Cache.GetOrCreateAsync<int?>(Key, _ => throw new InvalidOperationException(), options));
        Assert.Null(await world.Cache.GetOrCreateAsync<List<int>?>(Key, _ => throw new InvalidOperationException(), options));
        Assert.Null(await world.Cache.GetOrCreateAsync<string?>(" ", _ => throw new InvalidOperationException(), options));
    }

    [Fact]
    public async Task The_flags_of_a_call_count_before_those_of_the_cache()
    {
        await using var world = HybridFixture.Start(
            adapter: new NearHybridCacheOptions
            {
                DefaultEntryOptions = new HybridCacheEntryOptions { Flags = HybridCacheEntryFlags.DisableLocalCache },
            });

        await world.Cache.MakeAsync("by default", "one");
        await world.Cache.GetOrCreateAsync(
            "by call", _ => ValueTask.FromResult("two"), new HybridCacheEntryOptions { Flags = HybridCacheEntryFlags.None });

        Assert.Equal((null, "one"), (await world.Cache.NearAsync("by default"), await world.Cache.RemoteAsync("by default")));
        Assert.Equal(("two", "two"), (await world.Cache.NearAsync("by call"), await world.Cache.RemoteAsync("by call")));
    }

    [Theory]
    [InlineData(HybridCacheEntryFlags.None, true)]
    [InlineData(HybridCacheEntryFlags.DisableCompression, false)]
    public async Task A_value_is_compressed_as_the_cache_says_unless_its_flags_say_no(HybridCacheEntryFlags flags, bool isCompressed)
    {
        await using var world = HybridFixture.Start(options => options.Compression = ValueCompression.Brotli);
        var value = new string('x', 100_000);

        await world.Cache.SetAsync("set", value, new HybridCacheEntryOptions { Flags = flags });
        await world.Cache.GetOrCreateAsync("made", _ => ValueTask.FromResult(value), new HybridCacheEntryOptions { Flags = flags });

        foreach (var key in new[] { "set", "made" })
        {
            var item = await world.Server.ExecuteAsync(
                MetaCommand.Get(System.Text.Encoding.UTF8.GetBytes($"h:{key}"), MetaFields.Value | MetaFields.ClientFlags),
                CancellationToken.None);
            Assert.Equal((isCompressed, isCompressed), (Envelope.IsCompressed(item.ClientFlags), item.Value.Length < value.Length));
            Assert.Equal(value, await world.Cache.RemoteAsync(key));
        }
    }

    private static bool Lacks(HybridCacheEntryFlags flags, HybridCacheEntryFlags flag) => (flags & flag) == 0;

    private static async Task<HybridFixture> StartAsync(string? near, string? remote)
    {
        var world = HybridFixture.Start();
        if (remote is not null)
        {
            await world.Cache.SetAsync(Key, remote);
        }

        if (near is not null)
        {
            await world.Cache.SetAsync(
                Key, near, new HybridCacheEntryOptions { Flags = HybridCacheEntryFlags.DisableDistributedCacheWrite });
        }

        return world;
    }
}
