using NearCache.Tests.Adapters.Hybrid;

namespace NearCache.Tests.Adapters.Hybrid;

public sealed class HybridKeysTests
{
    private const int KeyRefused = 1600;

    [Theory]
    [InlineData("key")]
    [InlineData("with spaces in it")]
    [InlineData("größe/日本/😀")]
    [InlineData("~nc:looks:like:ours")]
    [InlineData("#begins with the mark")]
    [InlineData("#")]
    [InlineData("del\u007f")]
    public async Task A_key_may_be_any_text(string key)
    {
        await using var world = HybridFixture.Start();

        Assert.Equal("made", await world.Cache.MakeAsync(key, "made", key));
        Assert.Equal(("made", "made"), (await world.Cache.NearAsync(key), await world.Cache.RemoteAsync(key)));
        Assert.Equal("made", await world.Cache.MakeAsync(key, "again"));
        await world.Cache.RemoveByTagAsync(key);
        Assert.Null(await world.Cache.AnywhereAsync(key));
        await world.Cache.SetAsync(key, "set");
        await world.Cache.RemoveAsync(key);
        Assert.Null(await world.Cache.AnywhereAsync(key));
    }

    [Fact]
    public async Task A_key_may_be_longer_than_memcached_allows_up_to_the_limit()
    {
        await using var world = HybridFixture.Start();
        foreach (var length in new[] { 247, 248, 249, 250, 251, 1024 })
        {
            var key = new string('k', length);

            await world.Cache.MakeAsync(key, $"made {length}", key);

            Assert.Equal(($"made {length}", $"made {length}"), (await world.Cache.NearAsync(key), await world.Cache.RemoteAsync(key)));
        }
    }

    [Fact]
    public async Task No_key_reads_what_is_stored_for_anothers_hash()
    {
        await using var world = HybridFixture.Start();
        var named = new NearCache.Remote.Keys.AdapterKeys("h:", _ => false).NameOf("a secret")["h:".Length..];
        await world.Cache.MakeAsync("a secret", "mine");

        Assert.StartsWith("#", named);
        Assert.Null(await world.Cache.AnywhereAsync(named));
        Assert.Equal("mine", await world.Cache.AnywhereAsync("a secret"));
    }

    [Theory]
    [InlineData("")]
    [InlineData("  ")]
    [InlineData("line\nbreak")]
    [InlineData("\0")]
    public async Task A_key_that_cannot_be_one_is_not_cached_and_its_caller_is_served(string key)
    {
        await using var world = HybridFixture.Start();

        Assert.Equal("one", await world.Cache.MakeAsync(key, "one"));
        Assert.Equal("two", await world.Cache.MakeAsync(key, "two"));
        await world.Cache.SetAsync(key, "three");
        await world.Cache.RemoveAsync(key);

        Assert.Null(await world.Cache.AnywhereAsync(key));
    }

    [Fact]
    public async Task Half_a_surrogate_pair_is_no_key_and_no_tag()
    {
        await using var world = HybridFixture.Start();
        var half = "half a pair \ud83d";

        Assert.Equal("one", await world.Cache.MakeAsync(half, "one"));
        Assert.Equal("two", await world.Cache.MakeAsync(half, "two"));
        await Assert.ThrowsAnyAsync<ArgumentException>(async () => await world.Cache.MakeAsync("key", "made", half));
    }

    [Theory]
    [InlineData(null, 1024)]
    [InlineData(3, 3)]
    public async Task A_key_above_the_limit_is_logged_and_not_cached_and_its_caller_is_served(int? limit, int longest)
    {
        await using var world = HybridFixture.Start(
            adapter: limit is { } most ? new NearHybridCacheOptions { MaximumKeyLength = most } : null);
        var (fits, tooLong) = (new string('k', longest), new string('k', longest + 1));

        Assert.Equal("one", await world.Cache.MakeAsync(fits, "one"));
        Assert.Empty(world.Log.Of(KeyRefused));
        Assert.Equal("one", await world.Cache.MakeAsync(tooLong, "one"));
        Assert.Equal("two", await world.Cache.MakeAsync(tooLong, "two"));

        Assert.Equal(("one", null), (await world.Cache.AnywhereAsync(fits), await world.Cache.AnywhereAsync(tooLong)));
        Assert.All(
            world.Log.Of(KeyRefused),
            text => Assert.Contains($"{longest + 1} characters, and MaximumKeyLength is {longest}", text, StringComparison.Ordinal));
        Assert.Equal(3, world.Log.Of(KeyRefused).Length);
    }

    // "The entire key value is treated as an opaque identifying string": memcached compares bytes.
    [Fact]
    public async Task Keys_differ_by_every_letter()
    {
        await using var world = HybridFixture.Start();
        string[] keys =
        [
            "order/1",
            "Order/1",
            "order_1",
            "order1",
            " order/1",
            "order/1 ",
            "caf\u00e9",
            "cafe\u0301",
            "order/*",
            "h:order/1",
            new('k', 300),
            new string('k', 299) + "K",
        ];
        foreach (var key in keys)
        {
            Assert.Equal($"made {key}", await world.Cache.MakeAsync(key, $"made {key}"));
        }

        await world.Cache.RemoveAsync("order/*");
        foreach (var key in keys)
        {
            var expected = key == "order/*" ? null : $"made {key}";
            Assert.Equal((expected, expected), (await world.Cache.NearAsync(key), await world.Cache.RemoteAsync(key)));
        }
    }

    [Fact]
    public async Task Null_is_no_key()
    {
        await using var world = HybridFixture.Start();

        await Assert.ThrowsAsync<ArgumentNullException>(async () => await world.Cache.MakeAsync(null!, "made"));
        await Assert.ThrowsAsync<ArgumentNullException>(async () => await world.Cache.SetAsync(null!, "set"));
        await Assert.ThrowsAsync<ArgumentNullException>(async () => await world.Cache.RemoveAsync((string)null!));
    }

    [Theory]
    [InlineData(null)]
    [InlineData("")]
    [InlineData(" ")]
    [InlineData("*")]
    public async Task A_tag_that_cannot_be_one_is_refused(string? tag)
    {
        await using var world = HybridFixture.Start();

        await Assert.ThrowsAsync<ArgumentException>(async () => await world.Cache.MakeAsync("key", "made", "good", tag!));
        await Assert.ThrowsAsync<ArgumentException>(async () => await world.Cache.SetAsync("key", "set", tags: [tag!]));
        Assert.Null(await world.Cache.AnywhereAsync("key"));
    }
}
