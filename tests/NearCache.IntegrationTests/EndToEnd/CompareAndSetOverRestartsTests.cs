using System.Text;
using NearCache.Memcached;
using NearCache.Memcached.Protocol;
using NearCache.TestSupport;
using NearCache.TestSupport.Servers;

namespace NearCache.IntegrationTests.EndToEnd;

/// <summary>
/// memcached restarts between the read of a version and the write that compares it: CAS ids start again, and the version may belong to
/// another value.
/// </summary>
public sealed class CompareAndSetOverRestartsTests(ITestOutputHelper output)
{
    private const int Rounds = 6;

    [Theory]
    [InlineData("product:1")]
    [InlineData("basket:1")]
    public async Task A_version_of_before_a_restart_overwrites_nothing_and_one_of_after_it_does(string key)
    {
        await using var server = await MemcachedProcess.StartNewAsync();
        await using var cache = new NearCacheClient(new NearCacheOptions
        {
            KeyPrefix = "",
            Rules = { new RuleOptions { Name = "products", Match = "product:*" } },
            Memcached = { Servers = { server.Address } },
        });
        var overwritten = 0;
        for (var round = 0; round < Rounds; round++)
        {
            await Eventually.BecomesTrueAsync(() => TrySetAsync(cache, key), "memcached is back");
            var version = (await cache.GetAsync<string>(key)).Version;
            server.Kill();
            await server.StartAsync();
            await PutUntilAsync(server.Address, key, version.Cas);

            // At once, whether or not an audit has detected the restart.
            var stored = false;
            await Eventually.BecomesTrueAsync(
                async () =>
                {
                    try
                    {
                        stored = await cache.CompareAndSetAsync(key, "overwritten", version);
                        return true;
                    }
                    catch (NearCacheException)
                    {
                        return false;
                    }
                },
                "memcached answers");
            overwritten += stored || (await cache.GetAsync<string>(key)).Value != "another writer's" ? 1 : 0;

            await Eventually.BecomesTrueAsync(
                async () =>
                    await cache.GetAsync<string>(key) is { HasValue: true } found
                        && await cache.CompareAndSetAsync(key, "compared", found.Version),
                "a version of the new life is stored over");
        }

        output.WriteLine(
            $"[FIGURE] compare-and-set with a version of before a restart: {overwritten} of {Rounds} overwrote another writer's value");
        Assert.Equal(0, overwritten);
    }

    private static async Task<bool> TrySetAsync(NearCacheClient cache, string key)
    {
        try
        {
            await cache.SetAsync(key, "before");
            return true;
        }
        catch (NearCacheException)
        {
            return false;
        }
    }

    // Until the item has exactly the CAS of the version, unless the counters that the cache creates again use the ids first.
    private static async Task PutUntilAsync(string address, string key, ulong cas)
    {
        await using var other = new MemcachedClient(new MemcachedOptions { Servers = { address } });
        var command = MetaCommand.Set(
            Encoding.UTF8.GetBytes(key),
            Encoding.UTF8.GetBytes("another writer's")) with
        { ClientFlags = 0x4E430101, Return = MetaFields.Cas };
        MetaResponse stored;
        do
        {
            stored = await other.ExecuteAsync(command);
        }
        while (stored.Cas < cas);
    }
}
