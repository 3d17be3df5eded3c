using NearCache.TestSupport;
using NearCache.TestSupport.Servers;

namespace NearCache.IntegrationTests;

/// <summary>Two caches with separate clients, as in two processes, on real servers.</summary>
public sealed class TwoProcessesTests
{
    [Fact]
    public async Task A_set_in_one_is_seen_by_the_other()
    {
        await using var memcached = await MemcachedProcess.StartNewAsync();
        await using var zooKeeper = await ZooKeeperProcess.StartNewAsync();
        await using var writer = Make(memcached.Address, zooKeeper.Address);
        await using var reader = Make(memcached.Address, zooKeeper.Address);
        await NearAsync(reader, writer, "product:1");

        for (var i = 0; i < TestScale.Of(10, 50); i++)
        {
            await writer.SetAsync("product:1", $"value {i}");
            await Eventually.BecomesTrueAsync(
                async () => (await reader.GetAsync<string>("product:1")).Value == $"value {i}", "the new value is read");

            // The announcement of the write may arrive once more, and then the value is read again.
            await Eventually.BecomesTrueAsync(
                async () =>
                    await reader.GetAsync<string>("product:1") is var read && read.Value == $"value {i}" && read.Source == CacheSource.Near,
                "and is near");
        }

        await Eventually.BecomesTrueAsync(() => writer.Snapshot().ZooKeeperWrites > 0, "it was announced");
    }

    [Fact]
    public async Task Without_ZooKeeper_the_audits_find_out()
    {
        await using var memcached = await MemcachedProcess.StartNewAsync();
        await using var writer = Make(memcached.Address, "");
        await using var reader = Make(memcached.Address, "");
        await NearAsync(reader, writer, "product:1");

        for (var i = 0; i < TestScale.Of(3, 5); i++)
        {
            await writer.SetAsync("product:1", $"value {i}");
            await Eventually.BecomesTrueAsync(
                async () => (await reader.GetAsync<string>("product:1")).Value == $"value {i}", "the new value is read");
        }
    }

    private static async Task NearAsync(NearCacheClient reader, NearCacheClient writer, string key)
    {
        await Eventually.BecomesTrueAsync(
            async () =>
            {
                try
                {
                    await writer.SetAsync(key, "first");
                }
                catch (NearCacheException)
                {
                    return false;
                }

                await reader.GetAsync<string>(key);
                return (await reader.GetAsync<string>(key)).Source == CacheSource.Near;
            },
            "the key is near");
    }

    private static NearCacheClient Make(string memcached, string zooKeeper) => new(new NearCacheOptions
    {
        Namespace = "test",
        Seams = { TrustFirstCount = true, MembershipSpeed = 20 },
        RuleLease = TimeSpan.FromSeconds(1.5),
        Memcached = { Servers = { memcached } },
        ZooKeeper = { ConnectionString = zooKeeper, SessionTimeout = TimeSpan.FromSeconds(2) },
        Rules = { new RuleOptions { Name = "products", Match = "product:*" } },
    });
}
