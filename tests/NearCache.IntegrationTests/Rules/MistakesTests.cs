using System.Diagnostics;
using System.Globalization;
using NearCache.TestSupport;

namespace NearCache.IntegrationTests.Rules;

/// <summary>Mistakes of users and of ours, and what they cost ZooKeeper then: docs/operations/mistakes.md.</summary>
/// <remarks>20 restarts and 5 s of flood; 1,000 and 20 s with <c>NEARCACHE_FULL=1</c>.</remarks>
public sealed class MistakesTests(ITestOutputHelper output)
{
    [Fact]
    public async Task Rules_that_cover_every_key_without_a_churn_breaker_cost_ZooKeeper_its_budget_and_no_znode()
    {
        var seconds = Scope.Of(5, 20);
        await using var fleet = await RuleFleet.StartAsync(caches: 1, configure: options =>
        {
            // No single rule may cover everything; all letters together do.
            options.ChurnBreaker = false;
            options.Rules.Clear();
            for (var letter = 'a'; letter <= 'z'; letter++)
            {
                options.Rules.Add(new RuleOptions { Name = $"all-{letter}", Match = $"{letter}*" });
            }
        });
        var cache = fleet.Caches[0];
        await fleet.ServeNearAsync("never-written");
        await Eventually.BecomesTrueAsync(() => cache.Snapshot().Budgets!.Members == 1, "it is a member");
        var (before, nodes) = (await fleet.ZooKeeper.LastZxidAsync(), await NodesAsync(fleet));

        var clock = Stopwatch.StartNew();
        var writes = 0;
        await Task.WhenAll(Enumerable.Range(0, 16).Select(async worker =>
        {
            for (var i = 0; clock.Elapsed.TotalSeconds < seconds; i++)
            {
                await cache.SetAsync(string.Create(CultureInfo.InvariantCulture, $"lock-{worker}-{i}"), "held");
                Interlocked.Increment(ref writes);
            }
        }));

        var cost = await fleet.ZooKeeper.LastZxidAsync() - before;
        var took = clock.Elapsed.TotalSeconds;
        output.WriteLine($"[FIGURE] rules over every key, no churn breaker: {writes:N0} writes of distinct keys in {took:0.0} s cost {cost} transactions and {await NodesAsync(fleet) - nodes} znodes");

        // 5 announcements a second, one that was saved up, and one that may be borrowed.
        Assert.InRange(cost, 1, (5 * took) + 2);
        Assert.Equal(nodes, await NodesAsync(fleet));
        Assert.True(writes > 50 * took, $"the flood was one: {writes} writes");
    }

    [Fact]
    public async Task A_process_that_starts_and_ends_again_and_again_leaves_no_znode_and_costs_two_transactions_each_time()
    {
        var restarts = Scope.Of(20, 1000);
        await using var fleet = await RuleFleet.StartAsync(caches: 1);
        await Eventually.BecomesTrueAsync(() => fleet.Caches[0].Snapshot().Budgets!.Members == 1, "the first is a member");
        var (before, nodes) = (await fleet.ZooKeeper.LastZxidAsync(), await NodesAsync(fleet));
        var most = 0;

        for (var i = 0; i < restarts; i++)
        {
            await using var cache = RuleFleet.Make(fleet.Memcached, fleet.ZooKeeper, null);
            await Eventually.BecomesTrueAsync(() => cache.Snapshot().ZooKeeper == "Connected", "it has a session");
            most = Math.Max(most, await NodesAsync(fleet));
        }

        var cost = await fleet.ZooKeeper.LastZxidAsync() - before;
        output.WriteLine($"[FIGURE] {restarts} restarts: {cost} transactions, at most {most - nodes} znodes more than before");
        Assert.Equal(nodes, most);
        Assert.InRange(cost, restarts, (2 * restarts) + 2);
    }

    private static async Task<int> NodesAsync(RuleFleet fleet)
    {
        var line = (await fleet.ZooKeeper.AskAsync("srvr")).Split('\n').First(text => text.StartsWith("Node count:", StringComparison.Ordinal));
        return int.Parse(line.Split(':')[1], CultureInfo.InvariantCulture);
    }
}
