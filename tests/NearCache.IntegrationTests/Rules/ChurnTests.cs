using System.Diagnostics;
using System.Globalization;
using NearCache.TestSupport;

namespace NearCache.IntegrationTests.Rules;

/// <summary>A rule that whitelists keys of high churn by mistake: the breaker ends its announcements in every process, and says why.</summary>
public sealed class ChurnTests(ITestOutputHelper output)
{
    [Fact]
    public async Task A_rule_over_lock_keys_is_stopped_in_every_process_and_costs_ZooKeeper_its_budget_until_then()
    {
        await using var fleet = await RuleFleet.StartAsync(caches: 2, configure: options => options.Rules.Add(new RuleOptions { Name = "locks", Match = "lock:*" }));
        await fleet.ServeNearAsync("lock:never-written");
        await fleet.ServeNearAsync("product:1");
        var before = await fleet.ZooKeeper.LastZxidAsync();
        var writes = 0;
        using var stopping = new CancellationTokenSource();
        var clock = Stopwatch.StartNew();
        var churn = ChurnAsync(fleet.Caches[0], () => writes++, stopping.Token);

        await Eventually.BecomesTrueAsync(() => fleet.Caches.All(cache => cache.Rules.Current.Stops.Count == 1), "both processes know the stop");
        await Eventually.BecomesTrueAsync(async () => (await fleet.Caches[0].Rules.GetAsync()).Stops.Count == 1, "the registry knows it");
        var tripped = await fleet.ZooKeeper.LastZxidAsync();
        var took = clock.Elapsed.TotalSeconds;
        var (written, reached) = (writes, writes + 2000);
        await Eventually.BecomesTrueAsync(() => writes > reached, "2,000 more locks", TimeSpan.FromMinutes(2));
        var after = await fleet.ZooKeeper.LastZxidAsync();
        await stopping.CancelAsync();
        await churn;

        var stop = Assert.Single(fleet.Caches[1].Rules.Current.Stops);
        output.WriteLine($"[FIGURE] churn breaker: {tripped - before} transactions for {written:N0} locks until every process was stopped, {after - tripped} for 2,000 more; {stop.Who}: {stop.Why}");
        Assert.Equal("locks", stop.Rule);
        Assert.StartsWith(string.Create(CultureInfo.InvariantCulture, $"churn breaker of {Environment.MachineName}, process {Environment.ProcessId}"), stop.Who, StringComparison.Ordinal);
        Assert.Contains("lock:*", stop.Why, StringComparison.Ordinal);

        // 5 announcements a second, and members, edits of the registry, and what was saved up.
        Assert.InRange(tripped - before, 1, 10 + (5 * took));

        // Members, and what was in line when it tripped.
        Assert.InRange(after - tripped, 0, 5);
        await fleet.ServeNearAsync("product:1");
        Assert.False(await RuleFleet.IsNearAsync(fleet.Caches[1], "lock:never-written"));
    }

    private static async Task ChurnAsync(NearCacheClient cache, Action written, CancellationToken stopping)
    {
        for (var i = 0; !stopping.IsCancellationRequested; i++)
        {
            var key = string.Create(CultureInfo.InvariantCulture, $"lock:{i % 100}");
            await cache.SetAsync(key, "held", cancellationToken: CancellationToken.None);
            await cache.RemoveAsync(key, CancellationToken.None);
            written();
        }
    }
}
