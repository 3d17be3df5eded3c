using NearCache.TestSupport;
using NearCache.TestSupport.Memcached;

namespace NearCache.Tests.Adapters.Hybrid;

/// <summary>
/// Tags lie on servers as keys do, so that a server which leaves the list and returns brings back the versions it held:
/// docs/operations/placement.md asks for a flush.
/// </summary>
public sealed class TagsAndServerListsTests
{
    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task A_tag_removed_while_its_server_was_off_the_list_stays_removed_only_if_that_server_is_flushed(bool isFlushed)
    {
        await using var stays = FakeMemcached.Start();
        await using var leaves = FakeMemcached.Start();
        await using var client = new NearCacheClient(
            new NearCacheOptions { KeyPrefix = "", Memcached = { Servers = { stays.Address, leaves.Address } } });
        var cache = new NearHybridCache(client);
        var (key, tag) = await FindAsync(cache, stays, leaves);

        await client.SetServersAsync([stays.Address]);
        await cache.RemoveByTagAsync(tag);
        Assert.Null(await cache.AnywhereAsync(key));
        if (isFlushed)
        {
            leaves.Restart(keepItems: false);
        }

        await client.SetServersAsync([stays.Address, leaves.Address]);

        // While that server is not connected yet, its state is unknown, which is a miss, too: a tag that is surely there says when it is.
        await Eventually.BecomesTrueAsync(
            async () => await SetsAsync(cache, $"{key}-again", tag) && await cache.AnywhereAsync($"{key}-again") is not null,
            "the server is connected again");
        Assert.Equal(isFlushed ? null : "old", await cache.AnywhereAsync(key));

        // The other way out: everything goes.
        await cache.RemoveByTagAsync("*");
        Assert.Null(await cache.AnywhereAsync(key));
    }

    private static async Task<(string Key, string Tag)> FindAsync(NearHybridCache cache, FakeMemcached key, FakeMemcached tag)
    {
        for (var i = 0; ; i++)
        {
            await Eventually.BecomesTrueAsync(() => SetsAsync(cache, $"entry-{i}", $"tag-{i}"), "both are connected");
            if (key.Items.ContainsKey($"h:entry-{i}") && tag.Items.ContainsKey($"~tag:tag-{i}"))
            {
                return ($"entry-{i}", $"tag-{i}");
            }
        }
    }

    private static async Task<bool> SetsAsync(NearHybridCache cache, string key, string tag)
    {
        try
        {
            await cache.SetAsync(key, "old", tags: [tag]);
            return true;
        }
        catch (NearCacheException)
        {
            return false;
        }
    }
}
