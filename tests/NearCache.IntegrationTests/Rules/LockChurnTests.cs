using System.Diagnostics;
using System.Globalization;
using NearCache.TestSupport;

namespace NearCache.IntegrationTests.Rules;

/// <summary>The mistake that motivated the churn breaker: a rule over lock keys, which are written all the time.</summary>
public sealed class LockChurnTests(ITestOutputHelper output)
{
    [Fact]
    public async Task A_rule_over_lock_keys_is_announced_by_no_process_and_costs_ZooKeeper_its_budget_until_then()
    {
        await using var fleet = await RuleFleet.StartAsync(
            caches: 2, configure: options => options.Rules.Add(new RuleOptions { Name = "locks", Match = "lock:*" }));
        await fleet.ServeNearAsync("lock:never-written");
        await fleet.ServeNearAsync("product:1");
        var before = await fleet.ZooKeeper.LastZxidAsync();
        var writes = 0;
        using var stopping = new CancellationTokenSource();
        var clock = Stopwatch.StartNew();

        // Several at once, so that a slow machine writes fast enough for the breaker, too.
        var churn = Task.WhenAll(Enumerable.Range(0, 4).Select(
            worker => ChurnAsync(fleet.Caches[0], worker, () => Interlocked.Increment(ref writes), stopping.Token)));

        await Eventually.BecomesTrueAsync(
            () => fleet.Caches.All(cache => Rule(cache, "locks").ChurnBreaker == ChurnBreakerState.Open), "both processes know it");
        var tripped = await fleet.ZooKeeper.LastZxidAsync();
        var took = clock.Elapsed.TotalSeconds;
        var (written, reached) = (writes, writes + 2000);
        await Eventually.BecomesTrueAsync(() => writes > reached, "2,000 more locks", TimeSpan.FromMinutes(5));
        var after = await fleet.ZooKeeper.LastZxidAsync();
        await stopping.CancelAsync();
        await churn;

        var reason = Rule(fleet.Caches[1], "locks").ChurnReason;
        output.WriteLine($"[FIGURE] churn breaker: {tripped - before} transactions for {written:N0} locks until no process announced "
            + $"them, {after - tripped} for 2,000 more; {reason}");
        Assert.StartsWith(
            string.Create(
                CultureInfo.InvariantCulture,
                $"{Environment.MachineName}, process {Environment.ProcessId}: the keys of lock:* were written "),
            reason,
            StringComparison.Ordinal);

        // 5 announcements a second, members, and accumulated tokens.
        Assert.InRange(tripped - before, 1, 10 + (5 * took));

        // Members, and announcements that were queued at the trip.
        Assert.InRange(after - tripped, 0, 5);

        // Nothing is stopped: both rules serve near, and changes arrive.
        Assert.Empty(fleet.Caches[1].Rules.Current.Stops);
        await fleet.ServeNearAsync("product:1");
        await fleet.ServeNearAsync("lock:never-written");
        await fleet.Caches[0].SetAsync("lock:never-written", "changed");
        await Eventually.BecomesTrueAsync(
            async () => (await fleet.Caches[1].GetAsync<string>("lock:never-written")) is { Value: "changed", Source: CacheSource.Near },
            "the change is near elsewhere");
    }

    private static RuleSnapshot Rule(NearCacheClient cache, string name) => cache.Snapshot().Rules.Single(rule => rule.Name == name);

    private static async Task ChurnAsync(NearCacheClient cache, int worker, Action written, CancellationToken stopping)
    {
        for (var i = 0; !stopping.IsCancellationRequested; i++)
        {
            var key = string.Create(CultureInfo.InvariantCulture, $"lock:{worker}-{i % 25}");
            await cache.SetAsync(key, "held", cancellationToken: CancellationToken.None);
            await cache.RemoveAsync(key, CancellationToken.None);
            written();
        }
    }
}
