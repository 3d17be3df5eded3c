using System.Diagnostics;
using System.Globalization;
using NearCache.IntegrationTests.Identity;
using NearCache.TestSupport;
using NearCache.TestSupport.Servers;
using NearCache.ZooKeeper;

namespace NearCache.IntegrationTests.EndToEnd;

/// <summary>Keys without a rule cost ZooKeeper nothing, at any number of writes.</summary>
/// <remarks>100,000 sets and as many counts; a million of each with <c>NEARCACHE_FULL=1</c>.</remarks>
public sealed class UnmatchedWritesTests(ITestOutputHelper output)
{
    private const int AtOnce = 256;
    private static readonly TimeSpan SessionTimeout = TimeSpan.FromSeconds(30);

    [Fact]
    public async Task Writes_that_no_rule_matches_move_nothing_in_ZooKeeper_and_a_matched_one_does()
    {
        await using var memcached = await MemcachedProcess.StartNewAsync("-m", "1024");
        await using var ensemble = await ZooKeeperEnsemble.StartNewAsync();
        await using var admin = new ZooKeeperClient(ensemble.ConnectionString);
        await (await StartAndSettleAsync(admin, memcached, ensemble)).DisposeAsync();   // creates the namespace
        var server = await ensemble.LeaderAsync();

        var before = await server.LastZxidAsync();
        await using var cache = await StartAndSettleAsync(admin, memcached, ensemble);
        var started = await server.LastZxidAsync();
        Assert.InRange(started - before, 1, 3);
        var nodes = await NodesAsync(server);

        var clock = Stopwatch.StartNew();
        var count = TestScale.Of(100_000, 1_000_000);
        await ManyAsync(count, i => cache.SetAsync(string.Create(CultureInfo.InvariantCulture, $"basket:{i}"), "A yellow raincoat"));
        await ManyAsync(count, i => cache.IncrementAsync(string.Create(CultureInfo.InvariantCulture, $"views:{i % 1000}")));

        var after = await server.LastZxidAsync();
        output.WriteLine($"[FIGURE] a process start: {started - before} ZooKeeper transactions; {count:N0} unmatched sets and "
            + $"{count:N0} counts: {after - started} transactions, {clock.Elapsed.TotalSeconds:0.0} s");
        Assert.Equal(started, after);
        Assert.Equal(nodes, await NodesAsync(server));
        Assert.Equal(0, cache.Snapshot().NearEntries);

        await cache.SetAsync("product:1", "A yellow raincoat");
        await Eventually.BecomesTrueAsync(async () => await server.LastZxidAsync() > after, "the matched write is announced");
        output.WriteLine($"[FIGURE] znodes before {nodes}, after {await NodesAsync(server)}; one matched set: "
            + $"{await server.LastZxidAsync() - after} transaction(s)");
        Assert.Equal(nodes, await NodesAsync(server));
    }

    // A process is settled when it has created its member node and counted it, and ZooKeeper has the identities of servers.
    private static async Task<NearCacheClient> StartAndSettleAsync(
        ZooKeeperClient admin, MemcachedProcess memcached, ZooKeeperEnsemble ensemble)
    {
        var options = new NearCacheOptions
        {
            Namespace = "unmatched",
            Seams = { TrustFirstCount = true, MembershipSpeed = 20 },
            Rules = { new RuleOptions { Name = "products", Match = "product:*" } },
        };
        options.Memcached.Servers.Add(memcached.Address);
        options.Memcached.OperationTimeout = TimeSpan.FromSeconds(4);
        options.ZooKeeper.ConnectionString = ensemble.ConnectionString;
        options.ZooKeeper.SessionTimeout = SessionTimeout;
        var cache = new NearCacheClient(options);
        await Eventually.BecomesTrueAsync(
            () =>
                cache.Snapshot().Servers.All(server => server.IsServedNear)
                    && cache.Snapshot().Budgets!.Members == 1, "the cache serves near and is a member", TimeSpan.FromMinutes(5));
        await StoredIdentities.AreThereAsync(admin, "unmatched", memcached);
        return cache;
    }

    private static async Task ManyAsync(int count, Func<int, Task> act)
    {
        var next = -1;
        await Task.WhenAll(Enumerable.Range(0, AtOnce).Select(async _ =>
        {
            while (Interlocked.Increment(ref next) is var i && i < count)
            {
                await act(i);
            }
        }));
    }

    private static async Task<int> NodesAsync(ZooKeeperProcess server)
    {
        var line = (await server.AskAsync("srvr")).Split('\n').First(text => text.StartsWith("Node count:", StringComparison.Ordinal));
        return int.Parse(line.Split(':')[1], CultureInfo.InvariantCulture);
    }
}
