using System.Text;
using Microsoft.Extensions.Caching.Hybrid;
using NearCache.Memcached.Protocol;

namespace NearCache.Tests.Adapters.Hybrid;

public sealed class HybridTagsTests
{
    [Fact]
    public async Task Removing_a_tag_voids_what_has_it_and_nothing_else()
    {
        await using var world = HybridFixture.Start();
        await world.Cache.MakeAsync("both", "1", "red", "green", "red");
        await world.Cache.MakeAsync("green", "2", "green");
        await world.Cache.SetAsync("set", "3", tags: ["red"]);
        await world.Cache.MakeAsync("none", "4");

        await world.Cache.RemoveByTagAsync("red");

        Assert.Equal(
            (string?[])[null, "2", null, "4"], (string?[])[await Read("both"), await Read("green"), await Read("set"), await Read("none")]);
        Assert.Null(await world.Cache.NearAsync("both"));
        Assert.Equal("5", await world.Cache.MakeAsync("both", "5", "red"));
        Assert.Equal("5", await world.Cache.NearAsync("both"));

        ValueTask<string?> Read(string key) => world.Cache.AnywhereAsync(key);
    }

    [Fact]
    public async Task Removing_several_tags_voids_what_has_one_of_them()
    {
        await using var world = HybridFixture.Start();
        await world.Cache.MakeAsync("a", "1", "red");
        await world.Cache.MakeAsync("b", "2", "green");
        await world.Cache.MakeAsync("c", "3", "blue");

        await world.Cache.RemoveByTagAsync(["red", "green", "red", " ", "unknown"]);
        await world.Cache.RemoveByTagAsync((IEnumerable<string>)null!);
        await world.Cache.RemoveByTagAsync(" ");

        Assert.Equal(
            (string?[])[null, null, "3"],
            (string?[])[await world.Cache.AnywhereAsync("a"), await world.Cache.AnywhereAsync("b"), await world.Cache.AnywhereAsync("c")]);
    }

    [Fact]
    public async Task Removing_the_star_voids_everything()
    {
        await using var world = HybridFixture.Start();
        await world.Cache.MakeAsync("tagged", "1", "red");
        await world.Cache.MakeAsync("untagged", "2");

        await world.Cache.RemoveByTagAsync("*");

        Assert.Equal((null, null), (await world.Cache.AnywhereAsync("tagged"), await world.Cache.AnywhereAsync("untagged")));
        Assert.Equal("3", await world.Cache.MakeAsync("untagged", "3"));
        Assert.Equal("3", await world.Cache.NearAsync("untagged"));
    }

    [Fact]
    public async Task The_star_among_others_voids_everything_too()
    {
        await using var world = HybridFixture.Start();
        await world.Cache.MakeAsync("untagged", "1");

        await world.Cache.RemoveByTagAsync(["red", "*"]);

        Assert.Null(await world.Cache.AnywhereAsync("untagged"));
    }

    [Fact]
    public async Task A_star_at_the_end_of_a_tag_is_a_letter()
    {
        await using var world = HybridFixture.Start();
        await world.Cache.MakeAsync("a", "1", "shelf:1");
        await world.Cache.MakeAsync("b", "2", "shelf:*");

        await world.Cache.RemoveByTagAsync("shelf:*");

        Assert.Equal(("1", null), (await world.Cache.AnywhereAsync("a"), await world.Cache.AnywhereAsync("b")));
    }

    [Fact]
    public async Task Tags_differ_by_every_letter()
    {
        await using var world = HybridFixture.Start();
        await world.Cache.MakeAsync("key", "1", "red", "e\u0301");

        await world.Cache.RemoveByTagAsync(["Red", " red", "\u00e9"]);

        Assert.Equal("1", await world.Cache.AnywhereAsync("key"));
    }

    [Fact]
    public async Task An_entry_may_have_hundreds_of_tags()
    {
        await using var world = HybridFixture.Start();
        var tags = Enumerable.Range(0, 400).Select(i => $"tag-{i}").ToArray();
        await world.Cache.MakeAsync("key", "1", tags);
        Assert.Equal(("1", "1"), (await world.Cache.NearAsync("key"), await world.Cache.RemoteAsync("key")));

        await world.Cache.RemoveByTagAsync("tag-399");

        Assert.Null(await world.Cache.AnywhereAsync("key"));
    }

    [Fact]
    public async Task A_value_that_is_set_anew_has_its_new_tags_alone()
    {
        await using var world = HybridFixture.Start();
        await world.Cache.SetAsync("key", "1", tags: ["red"]);
        await world.Cache.SetAsync("key", "2", tags: ["green"]);
        await world.Cache.SetAsync("other", "3", tags: ["red"]);
        await world.Cache.SetAsync("other", "4", tags: []);

        await world.Cache.RemoveByTagAsync("red");
        Assert.Equal(("2", "4"), (await world.Cache.AnywhereAsync("key"), await world.Cache.AnywhereAsync("other")));
        await world.Cache.RemoveByTagAsync("green");

        Assert.Equal((null, "4"), (await world.Cache.AnywhereAsync("key"), await world.Cache.AnywhereAsync("other")));
    }

    [Fact]
    public async Task An_entry_made_after_a_removal_is_untouched_by_it()
    {
        await using var world = HybridFixture.Start();
        for (var i = 0; i < 20; i++)
        {
            await world.Cache.RemoveByTagAsync("red");
            Assert.Equal($"{i}", await world.Cache.MakeAsync("key", $"{i}", "red"));
            Assert.Equal($"{i}", await world.Cache.NearAsync("key"));
        }
    }

    [Fact]
    public async Task Only_the_tags_of_the_call_that_makes_an_entry_count()
    {
        await using var world = HybridFixture.Start();
        await world.Cache.MakeAsync("key", "1", "red");
        await world.Cache.MakeAsync("key", "2", "green");

        await world.Cache.RemoveByTagAsync("green");
        Assert.Equal("1", await world.Cache.AnywhereAsync("key"));
        await world.Cache.RemoveByTagAsync("red");

        Assert.Null(await world.Cache.AnywhereAsync("key"));
    }

    [Fact]
    public async Task A_removal_during_the_factory_voids_what_it_makes()
    {
        await using var world = HybridFixture.Start();
        var source = new TaskCompletionSource<string>();
        var older = world.Cache.GetOrCreateAsync("key", async _ => await source.Task, tags: ["red"]).AsTask();

        await world.Cache.RemoveByTagAsync("red");
        source.SetResult("old");

        Assert.Equal("old", await older);
        Assert.Null(await world.Cache.AnywhereAsync("key"));
    }

    [Theory]
    [InlineData(HybridCacheEntryFlags.None)]
    [InlineData(HybridCacheEntryFlags.DisableLocalCache)]
    [InlineData(HybridCacheEntryFlags.DisableDistributedCache)]
    public async Task A_call_that_begins_after_a_removal_does_not_get_what_was_made_before(HybridCacheEntryFlags flags)
    {
        await using var world = HybridFixture.Start();
        var options = new HybridCacheEntryOptions { Flags = flags };
        var source = new TaskCompletionSource<string>();
        var older = world.Cache.GetOrCreateAsync("key", async _ => await source.Task, options, ["red"]).AsTask();

        await world.Cache.RemoveByTagAsync("red");
        var newer = world.Cache.GetOrCreateAsync("key", _ => ValueTask.FromResult("new"), options, ["red"]).AsTask();
        source.SetResult("old");

        Assert.Equal(("old", "new"), (await older, await newer));
    }

    [Fact]
    public async Task A_local_entry_is_voided_too()
    {
        await using var world = HybridFixture.Start();
        await world.Cache.SetAsync(
            "key", "local", new HybridCacheEntryOptions { Flags = HybridCacheEntryFlags.DisableDistributedCache }, ["red"]);
        Assert.Equal("local", await world.Cache.NearAsync("key"));

        await world.Cache.RemoveByTagAsync("red");

        Assert.Null(await world.Cache.AnywhereAsync("key"));
    }

    [Fact]
    public async Task A_tag_that_memcached_has_lost_voids_its_entries_and_never_brings_one_back()
    {
        await using var world = HybridFixture.Start(options => options.Rules.Clear());
        await world.Cache.MakeAsync("key", "old", "red");
        await world.Cache.RemoveByTagAsync("red");
        await world.Cache.MakeAsync("other", "other", "red");

        await world.Server.ExecuteAsync(MetaCommand.Delete(Encoding.UTF8.GetBytes("~tag:red")), CancellationToken.None);

        // What this process knows of the tag is still true: it was not removed since.
        Assert.Equal("other", await world.Cache.AnywhereAsync("other"));
        await using var fresh = new NearCacheClient(new NearCacheOptions(), world.Remote, timeProvider: world.Time);
        var elsewhere = new NearHybridCache(fresh);
        Assert.Equal((null, null), (await elsewhere.AnywhereAsync("key"), await elsewhere.AnywhereAsync("other")));
        Assert.Equal("new", await elsewhere.MakeAsync("key", "new", "red"));
        Assert.Equal("new", await elsewhere.AnywhereAsync("key"));
    }

    [Fact]
    public async Task Garbage_where_a_tag_should_be_is_replaced()
    {
        await using var world = HybridFixture.Start();
        await world.Server.ExecuteAsync(
            MetaCommand.Set(Encoding.UTF8.GetBytes("~tag:red"), "no number"u8.ToArray()), CancellationToken.None);

        Assert.Equal("made", await world.Cache.MakeAsync("key", "made", "red"));
        Assert.Equal("made", await world.Cache.RemoteAsync("key"));
        await world.Cache.RemoveByTagAsync("red");

        Assert.Null(await world.Cache.AnywhereAsync("key"));
    }

    [Fact]
    public async Task More_tags_than_are_kept_in_mind_all_work()
    {
        await using var world = HybridFixture.Start(options => options.NearEntries = 20);
        for (var i = 0; i < 200; i++)
        {
            await world.Cache.MakeAsync($"key-{i}", $"{i}", $"tag-{i}");
        }

        for (var i = 0; i < 200; i++)
        {
            Assert.Equal($"{i}", await world.Cache.AnywhereAsync($"key-{i}"));
            await world.Cache.RemoveByTagAsync($"tag-{i}");
            Assert.Null(await world.Cache.AnywhereAsync($"key-{i}"));
        }
    }
}
