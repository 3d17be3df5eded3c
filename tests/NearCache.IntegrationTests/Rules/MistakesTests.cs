using System.Diagnostics;
using System.Globalization;
using NearCache.TestSupport;

namespace NearCache.IntegrationTests.Rules;

/// <summary>The mistakes of docs/operations/mistakes.md, and their cost for ZooKeeper.</summary>
/// <remarks>20 restarts and 5 s of flood; 1,000 and 20 s with <c>NEARCACHE_FULL=1</c>.</remarks>
public sealed class MistakesTests(ITestOutputHelper output)
{
    [Fact]
    public async Task Rules_that_cover_every_key_without_a_churn_breaker_cost_ZooKeeper_its_budget_and_no_znode()
    {
        var seconds = TestScale.Of(5, 20);
        await using var fleet = await RuleFleet.StartAsync(caches: 1, configure: options =>
        {
            // No single rule may cover every key; one rule per letter does.
            options.ChurnBreaker = false;
            options.Rules.Clear();
            for (var letter = 'a'; letter <= 'z'; letter++)
            {
                options.Rules.Add(new RuleOptions { Name = $"all-{letter}", Match = $"{letter}*" });
            }
        });
        var cache = fleet.Caches[0];
        await fleet.ServeNearAsync("never-written");
        await fleet.AreMembersAsync(1);
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
        output.WriteLine($"[FIGURE] rules over every key, no churn breaker: {writes:N0} writes of distinct keys in {took:0.0} s cost "
            + $"{cost} transactions and {await NodesAsync(fleet) - nodes} znodes");

        // 5 announcements a second, one accumulated token, and one that may be borrowed.
        Assert.InRange(cost, 1, (5 * took) + 2);
        Assert.Equal(nodes, await NodesAsync(fleet));
        Assert.True(writes > 5 * cost, $"the flood was one: {writes} writes");
    }

    [Fact]
    public async Task A_process_that_starts_and_ends_again_and_again_leaves_no_znode_and_costs_two_transactions_each_time()
    {
        var restarts = TestScale.Of(20, 1000);
        await using var fleet = await RuleFleet.StartAsync(caches: 1);
        await fleet.AreMembersAsync(1);
        var (before, nodes) = (await fleet.ZooKeeper.LastZxidAsync(), await NodesAsync(fleet));
        var most = 0;

        for (var i = 0; i < restarts; i++)
        {
            // The process never lives for a session timeout, however slow the machine.
            await using var cache = RuleFleet.Make(
                fleet.Memcached, fleet.ZooKeeper, options => (
                    options.ZooKeeper.SessionTimeout, options.Seams.MembershipSpeed) = (TimeSpan.FromMinutes(1), 1));
            await Eventually.BecomesTrueAsync(() => cache.Snapshot().ZooKeeper == "Connected", "it has a session");
            most = Math.Max(most, await NodesAsync(fleet));
        }

        var cost = await fleet.ZooKeeper.LastZxidAsync() - before;
        output.WriteLine($"[FIGURE] {restarts} restarts: {cost} transactions, at most {most - nodes} znodes more than before");
        Assert.Equal(nodes, most);
        Assert.InRange(cost, restarts, (2 * restarts) + 2);
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task A_matcher_that_is_broken_to_say_yes_to_every_key_is_held_by_the_churn_breaker_and_without_it_by_the_budget(
        bool hasBreaker)
    {
        await using var fleet = await RuleFleet.StartAsync(
            caches: 1, configure: options => (options.Seams.BreakMatcher, options.ChurnBreaker) = (true, hasBreaker));
        var cache = fleet.Caches[0];
        await fleet.ServeNearAsync("no:rule:names:this");
        await fleet.AreMembersAsync(1);

        // Locks and counters do not use the matcher.
        var idle = await fleet.ZooKeeper.LastZxidAsync();
        for (var i = 0; i < 50; i++)
        {
            await using var held = await cache.Locks.TryAcquireAsync(
                $"order-{i}", new LockOptions(), TestContext.Current.CancellationToken);
            await cache.IncrementAsync("visits");
        }

        Assert.Equal(idle, await fleet.ZooKeeper.LastZxidAsync());
        var (nodes, clock, writes) = (await NodesAsync(fleet), Stopwatch.StartNew(), 0);
        while (hasBreaker ? !IsOpen(cache) && clock.Elapsed < TimeSpan.FromSeconds(60) : clock.Elapsed < TimeSpan.FromSeconds(4))
        {
            // Several at once, so that a slow machine writes fast enough for the breaker, too.
            await Task.WhenAll(Enumerable.Range(0, 8).Select(
                _ => cache.SetAsync(string.Create(CultureInfo.InvariantCulture, $"order-lock-{writes++}"), "held")));
        }

        var took = clock.Elapsed.TotalSeconds;
        var cost = await fleet.ZooKeeper.LastZxidAsync() - idle;
        output.WriteLine($"[FIGURE] a matcher that says yes to every key, churn breaker {(hasBreaker ? "on" : "off")}: {writes:N0} "
            + $"writes in {took:0.0} s cost {cost} transactions and {await NodesAsync(fleet) - nodes} znodes");
        Assert.Equal(hasBreaker, IsOpen(cache));

        // The budget, one accumulated token, and one that may be borrowed.
        Assert.InRange(cost, 1, (5 * took) + 2);
        Assert.Equal(nodes, await NodesAsync(fleet));
    }

    [Fact]
    public async Task Sessions_that_join_within_a_minute_cost_two_transactions_and_a_znode_each_and_a_co_tenant_does_not_notice()
    {
        var (count, within) = (TestScale.Of(60, 500), TimeSpan.FromSeconds(TestScale.Of(6, 60)));
        await using var fleet = await RuleFleet.StartAsync(caches: 1);
        await fleet.AreMembersAsync(1);
        await using var coTenant = new ZooKeeper.ZooKeeperClient(fleet.ZooKeeper.Address);
        await coTenant.CreateAsync("/registry", null);
        var (before, nodes) = (await fleet.ZooKeeper.LastZxidAsync(), await NodesAsync(fleet));
        var joined = new NearCacheClient[count];
        try
        {
            using var all = new CancellationTokenSource();
            var latencies = LatenciesAsync(coTenant, all.Token);
            for (var i = 0; i < count; i++)
            {
                joined[i] = RuleFleet.Make(
                    fleet.Memcached, fleet.ZooKeeper, options => options.ZooKeeper.SessionTimeout = TimeSpan.FromSeconds(30));
                await Task.Delay(within / count, TimeProvider.System, TestContext.Current.CancellationToken);
            }

            await Eventually.BecomesTrueAsync(
                async () => await NodesAsync(fleet) >= nodes + count, "all are members", TimeSpan.FromMinutes(5));
            await all.CancelAsync();
            var cost = await fleet.ZooKeeper.LastZxidAsync() - before;
            output.WriteLine($"[FIGURE] {count} sessions joined within {within.TotalSeconds:0} s: {cost} transactions, "
                + $"{await NodesAsync(fleet) - nodes} znodes; a co-tenant's reads meanwhile: {new Percentiles(await latencies)}");
            Assert.Equal(nodes + count, await NodesAsync(fleet));
            Assert.InRange(cost, 2 * count, (2 * count) + 2);
            Assert.Equal(0, joined.Sum(cache => cache.Snapshot().ZooKeeperWrites));
        }
        finally
        {
            await Task.WhenAll(joined.Where(cache => cache is not null).Select(cache => cache.DisposeAsync().AsTask()));
        }
    }

    [Fact]
    public async Task Sessions_whose_ZooKeeper_restarts_again_and_again_come_back_spread_over_time()
    {
        var (count, rounds, every) = (TestScale.Of(60, 500), TestScale.Of(2, 4), TimeSpan.FromSeconds(TestScale.Of(2, 30)));
        await using var fleet = await RuleFleet.StartAsync(caches: 1);
        await fleet.ServeNearAsync("product:1");
        var back = new System.Collections.Concurrent.ConcurrentQueue<TimeSpan>();
        var (clock, before) = (Stopwatch.StartNew(), 0L);
        using var ending = new CancellationTokenSource();
        ZooKeeper.ZooKeeperClient[] sessions = [.. Enumerable.Range(0, count)
            .Select(_ => new ZooKeeper.ZooKeeperClient(new ZooKeeper.ZooKeeperOptions
        {
            ConnectionString = fleet.ZooKeeper.Address, RenewSession = true,
        }))];
        var followed = sessions.Select(session => FollowAsync(session, () => back.Enqueue(clock.Elapsed), ending.Token)).ToArray();
        try
        {
            for (var round = 0; round <= rounds; round++)
            {
                await Eventually.BecomesTrueAsync(
                    () => sessions.All(session => session.State == ZooKeeper.ZooKeeperState.Connected),
                    "all have a session",
                    TimeSpan.FromMinutes(5));
                if (round > 0)
                {
                    await Eventually.BecomesTrueAsync(() => back.Count >= count, "all have said so");
                    var cost = await fleet.ZooKeeper.LastZxidAsync() - before;
                    var (total, busiest) = (back.Last() - back.First(), Busiest(back));
                    output.WriteLine($"[FIGURE] ZooKeeper restarted, {count} sessions came back within {total.TotalSeconds:0.0} s; the "
                        + $"busiest 100 ms saw {busiest}; {cost} transactions");

                    // A live session continues without a transaction; an expired one is ended, and another created.
                    Assert.InRange(cost, 0, (2 * count) + 10);
                }

                if (round < rounds)
                {
                    await Task.Delay(round == 0 ? TimeSpan.Zero : every, TimeProvider.System, TestContext.Current.CancellationToken);
                    before = await fleet.ZooKeeper.LastZxidAsync();
                    fleet.ZooKeeper.Kill();
                    await Eventually.BecomesTrueAsync(
                        () => sessions.All(session => session.State != ZooKeeper.ZooKeeperState.Connected), "all have lost it");
                    back.Clear();
                    await fleet.ServeNearAsync("product:1");
                    await fleet.ZooKeeper.StartAsync();
                }
            }
        }
        finally
        {
            await ending.CancelAsync();
            await Task.WhenAll(followed);
            await Task.WhenAll(sessions.Select(session => session.DisposeAsync().AsTask()));
        }
    }

    [Fact]
    public async Task A_process_that_is_killed_at_its_start_again_and_again_leaves_no_znode()
    {
        var restarts = TestScale.Of(6, 1000);
        await using var fleet = await RuleFleet.StartAsync(caches: 1);
        await fleet.AreMembersAsync(1);
        var (before, nodes, most) = (await fleet.ZooKeeper.LastZxidAsync(), await NodesAsync(fleet), 0);
        for (var i = 0; i < restarts; i++)
        {
            // The process never lives for a session timeout, however slow the machine.
            await using var host = await CacheProcess.StartNewAsync(fleet.Memcached, fleet.ZooKeeper.Address, sessionSeconds: 60);
            await Eventually.BecomesTrueAsync(async () => await host.AskAsync("zookeeper") == "Connected", "it has a session");
            most = Math.Max(most, await NodesAsync(fleet));
            host.Kill();
        }

        var cost = await fleet.ZooKeeper.LastZxidAsync() - before;
        output.WriteLine($"[FIGURE] {restarts} processes killed as soon as they had a session: {cost} transactions, at most "
            + $"{most - nodes} znodes more than before");
        Assert.Equal(nodes, most);
        Assert.InRange(cost, restarts, (2 * restarts) + 2);
    }

    private static int Busiest(IEnumerable<TimeSpan> times)
    {
        TimeSpan[] sorted = [.. times.Order()];
        return sorted.Select((from, i) => sorted.Skip(i).TakeWhile(time => time - from < TimeSpan.FromMilliseconds(100)).Count()).Max();
    }

    private static async Task FollowAsync(ZooKeeper.ZooKeeperClient session, Action connected, CancellationToken cancellationToken)
    {
        try
        {
            await foreach (var change in session.StateChangesAsync(cancellationToken))
            {
                if (change.State == ZooKeeper.ZooKeeperState.Connected)
                {
                    connected();
                }
            }
        }
        catch (OperationCanceledException)
        {
            // The test has ended.
        }
    }

    private static async Task<List<TimeSpan>> LatenciesAsync(ZooKeeper.ZooKeeperClient client, CancellationToken cancellationToken)
    {
        var latencies = new List<TimeSpan>();
        while (!cancellationToken.IsCancellationRequested)
        {
            var from = Stopwatch.GetTimestamp();
            await client.GetDataAsync("/registry", null, CancellationToken.None);
            latencies.Add(Stopwatch.GetElapsedTime(from));
            await Task.Delay(TimeSpan.FromMilliseconds(5), TimeProvider.System, CancellationToken.None);
        }

        return latencies;
    }

    private static bool IsOpen(NearCacheClient cache) => cache.Snapshot().Rules.Any(rule => rule.ChurnBreaker == ChurnBreakerState.Open);

    private static async Task<int> NodesAsync(RuleFleet fleet)
    {
        var line = (await fleet.ZooKeeper.AskAsync("srvr"))
            .Split('\n')
            .First(text => text.StartsWith("Node count:", StringComparison.Ordinal));
        return int.Parse(line.Split(':')[1], CultureInfo.InvariantCulture);
    }
}
