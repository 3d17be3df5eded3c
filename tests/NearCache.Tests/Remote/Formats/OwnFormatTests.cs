using System.Text;
using Microsoft.Extensions.Caching.Distributed;
using NearCache.Memcached;
using NearCache.Memcached.Protocol;
using NearCache.TestSupport;
using NearCache.TestSupport.Memcached;

namespace NearCache.Tests.Remote.Formats;

/// <summary>A format that is not NearCache's, as users write one.</summary>
public sealed class OwnFormatTests
{
    [Fact]
    public async Task What_another_client_wrote_is_read_and_what_is_written_is_as_that_client_reads_it()
    {
        await using var server = FakeMemcached.Start();
        await using var python = new MemcachedClient(new MemcachedOptions { Servers = [server.Address] });
        await using var cache = Make(server);
        await python.SetAsync("text", "größe"u8.ToArray(), clientFlags: 16);
        await python.SetAsync("number", "-42"u8.ToArray(), clientFlags: 2);
        await python.SetAsync("bytes", new byte[] { 1, 0, 255 });
        await python.SetAsync("pickle", new byte[] { 0x80, 4 }, clientFlags: 1);

        Assert.Equal("größe", (await cache.GetAsync<string>("text")).Value);
        Assert.Equal(-42, (await cache.GetAsync<long>("number")).Value);
        Assert.Equal([1, 0, 255], (await cache.GetAsync<byte[]>("bytes")).Value!);
        Assert.False((await cache.GetAsync<string>("pickle")).HasValue);
        Assert.False((await cache.GetAsync<string>("number")).HasValue);
        await Assert.ThrowsAsync<NotSupportedException>(async () => await cache.GetAsync<Uri>("text"));

        await cache.SetAsync("text", "coat");
        await cache.SetAsync("number", 7L);
        await cache.SetAsync<string?>("null", null);
        Assert.Equal("16 coat", await Stored(python, "text"));
        Assert.Equal("2 7", await Stored(python, "number"));
        Assert.Equal((true, null), ((await cache.GetAsync<string?>("null")).HasValue, (await cache.GetAsync<string?>("null")).Value));
    }

    [Fact]
    public async Task What_a_codec_throws_makes_a_miss_and_the_factory_replaces_the_value()
    {
        await using var server = FakeMemcached.Start();
        await using var python = new MemcachedClient(new MemcachedOptions { Servers = [server.Address] });
        await using var cache = Make(server);
        await python.SetAsync("number", "9999999999999999999999"u8.ToArray(), clientFlags: 2);

        Assert.False((await cache.GetAsync<long>("number")).HasValue);

        // While a server is being found out about, what factories make is not stored.
        await Eventually.BecomesTrueAsync(
            async () =>
                await cache.GetOrCreateAsync("number", _ => ValueTask.FromResult(7L)) == 7 && await Stored(python, "number") == "2 7",
            "the factory's value is stored");
    }

    [Fact]
    public async Task The_faces_store_what_they_store_in_every_format()
    {
        await using var server = FakeMemcached.Start();
        await using var cache = Make(server);
        var distributed = new NearDistributedCache(cache);
        var hybrid = new NearHybridCache(cache);

        await distributed.SetAsync("key", [1, 2], new DistributedCacheEntryOptions());
        await hybrid.SetAsync("key", new Uri("https://example.com/"));

        Assert.Equal([1, 2], (await distributed.GetAsync("key"))!);
        Assert.Equal(
            new Uri("https://example.com/"), await hybrid.GetOrCreateAsync<Uri>("key", _ => throw new InvalidOperationException()));
    }

    private static NearCacheClient Make(FakeMemcached server)
    {
        var options = new NearCacheOptions { KeyPrefix = "", ValueFormat = new PymemcacheFormat(), UseLeases = false };
        options.Memcached.Servers.Add(server.Address);
        return new NearCacheClient(options);
    }

    private static async Task<string> Stored(MemcachedClient client, string key)
    {
        var item = await client.Servers[0]
            .ExecuteAsync(MetaCommand.Get(Encoding.UTF8.GetBytes(key), MetaFields.Value | MetaFields.ClientFlags));
        return $"{item.ClientFlags} {Encoding.UTF8.GetString(item.Value.Span)}";
    }
}
