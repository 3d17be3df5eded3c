using NearCache.TestSupport;
using NearCache.TestSupport.Servers;
using NearCache.Tests.Sequences;

namespace NearCache.IntegrationTests.EndToEnd;

/// <summary>
/// Random orders of calls, changes and slow factories of two caches on one real memcached: no call gets a value that was replaced before
/// it began.
/// </summary>
public sealed class OvertakenResultsOnRealServersTests(ITestOutputHelper output)
{
    private static readonly TimeSpan Bound = TimeSpan.FromSeconds(3);

    [Fact]
    public async Task No_call_gets_what_began_before_a_change()
    {
        await using var memcached = await MemcachedProcess.StartNewAsync();
        await using var here = Make(memcached.Address);
        await using var there = Make(memcached.Address);
        await Eventually.BecomesTrueAsync(
            () => new[] { here, there }.All(cache => cache.Snapshot().Servers.All(server => server.IsServedNear)),
            "both have looked at memcached");
        var schedules = new List<(ResultSchedule Schedule, Task<IReadOnlyList<string>> Ends)>();
        foreach (var (adapter, change) in new[] { ("cache", "set"), ("cache", "remove"), ("hybrid", "set"), ("hybrid", "remove"),
            ("hybrid", "tag") })
        {
            foreach (var kind in new[] { "near", "far" })
            {
                // The gate uses a coarse clock: slightly more than the bound.
                var bound = kind == "near" || change == "tag" ? Bound + TimeSpan.FromMilliseconds(100) : TimeSpan.Zero;
                var schedule = new ResultSchedule(
                    TimeProvider.System,
                    bound,
                    [ScheduledCaller.Of(here, adapter, change, null), ScheduledCaller.Of(there, adapter, change, null)]);
                var key = $"{kind}:{adapter}:{change}";
                schedules.Add(
                    (schedule, schedule.RunAsync(key, new Random(key.Length), 60, by => Task.Delay(by / 10, TimeProvider.System))));
            }
        }

        var violations = (await Task.WhenAll(schedules.Select(schedule => schedule.Ends))).SelectMany(found => found).ToArray();

        output.WriteLine($"[FIGURE] overtaken results on memcached: {schedules.Sum(schedule => schedule.Schedule.Checked)} calls, "
            + $"{schedules.Sum(schedule => schedule.Schedule.Runs)} runs of the factory");
        Assert.True(violations.Length == 0, string.Join('\n', violations));
    }

    private static NearCacheClient Make(string memcached) => new(new NearCacheOptions
    {
        Namespace = "overtaken",
        MaxStaleness = Bound,
        RuleLease = TimeSpan.FromSeconds(2),
        ItemLifetime = TimeSpan.FromSeconds(3),
        EagerRefresh = 0.3,
        ChurnBreaker = false,
        Memcached = { Servers = { memcached } },
        Rules = { new RuleOptions { Name = "near", Match = "near:*" }, new RuleOptions { Name = "hybrid", Match = "h:near:*" } },
    });
}
