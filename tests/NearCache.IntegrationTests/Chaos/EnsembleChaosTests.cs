using System.Diagnostics;
using System.Globalization;
using NearCache.TestSupport;
using NearCache.TestSupport.Servers;

namespace NearCache.IntegrationTests.Chaos;

/// <summary>
/// Random operations on the tree of a running fleet on a real ensemble: ZooKeeper is never overloaded, health is correct, and the fleet
/// recovers by itself.
/// </summary>
/// <remarks>
/// 20 s, in which the fleet's clocks run 20 times as fast; <c>NEARCACHE_SOAK</c> sets minutes by clocks that do not. <c>NEARCACHE_SEED</c>
/// sets what is done.
/// </remarks>
public sealed class EnsembleChaosTests(ITestOutputHelper output)
{
    private const int Processes = 4;

    // By the fleet's clocks: the longest pause after a refused change, then five minutes without rules, and the checks in between.
    private static readonly TimeSpan Recovery = TimeSpan.FromMinutes(15);

    [Fact]
    public async Task Whatever_is_done_to_the_tree_ZooKeeper_is_not_harmed_health_tells_the_truth_and_all_is_well_again()
    {
        var soak = Environment.GetEnvironmentVariable("NEARCACHE_SOAK") is { Length: > 0 } minutes
            ? TimeSpan.FromMinutes(double.Parse(minutes, CultureInfo.InvariantCulture))
            : (TimeSpan?)null;
        var seed = Environment.GetEnvironmentVariable("NEARCACHE_SEED") is { Length: > 0 } text
            ? int.Parse(text, CultureInfo.InvariantCulture)
            : Environment.TickCount;
        output.WriteLine($"seed {seed}");
        TestContext.Current.SendDiagnosticMessage($"seed {seed}");
        TimeProvider time = soak is null ? new AcceleratedTime(20) : TimeProvider.System;
        await using var memcached = await MemcachedProcess.StartNewAsync();
        await using var world = await ChaosEnvironment.StartAsync();
        await using var fleet = new ChaosFleet(Processes, memcached, world, time);
        await Eventually.BecomesTrueAsync(
            async () => !(await fleet.ProblemsAsync()).Any() && await world.MembersAsync() == Processes,
            "all is well before it begins",
            TimeSpan.FromMinutes(soak is null ? 2 : 10));
        world.Copy();
        await world.Ledger.StartAsync();
        var (start, lines, asked, sessions, resumed) = (
            time.GetTimestamp(), fleet.Lines, world.Asked, Sessions(world, fleet), fleet.Resumed);
        fleet.Start();

        var chaos = new ChaosOperations(world, fleet, new Random(seed));
        var clock = Stopwatch.StartNew();
        while (clock.Elapsed < (soak ?? TimeSpan.FromSeconds(20)))
        {
            await chaos.ActAsync();
            await chaos.RestAsync();
        }

        await chaos.RestoreAsync();
        output.WriteLine($"done: {string.Join(", ", chaos.Story)}");
        var recovered = await RecoverAsync(world, fleet);
        await fleet.StopAsync();
        await world.Ledger.SampleAsync();

        var seconds = time.GetElapsedTime(start).TotalSeconds;
        sessions = Sessions(world, fleet) - sessions;
        var transactions = world.Ledger.Transactions - (world.Asked.Changes - asked.Changes) - (2 * sessions);
        var requests = world.Ledger.Requests - (world.Asked.Requests - asked.Requests);
        var perMinute = Processes * seconds / 60;
        var (ofCache, ofClient) = (fleet.Lines.OfCache - lines.OfCache, fleet.Lines.OfClient - lines.OfClient);
        var mostRequests = (
            (
                ChaosFleet.Announcements + ChaosFleet.Deliveries + (
                    2 * Processes)) * seconds) + (60 * sessions) + (10 * (fleet.Resumed - resumed)) + 100;
        output.WriteLine(string.Create(CultureInfo.InvariantCulture, $"[FIGURE] chaos, seed {seed}: {seconds:0} s by the fleet's "
            + $"clocks, {fleet.Writes} writes, {sessions} sessions, {fleet.Resumed - resumed} resumed; "
            + $"{transactions} transactions of the fleet, {transactions / seconds:0.0}/s ({ChaosFleet.Announcements}/s allowed); "
                + $"{requests} requests, {requests / seconds:0.0}/s ({mostRequests / seconds:0}/s allowed); "
            + $"log lines a process and minute {ofCache / perMinute:0.0} of the cache and {ofClient / perMinute:0.0} of its client; "
                + $"healthy again after {recovered.TotalSeconds:0} s; "
                + $"{string.Join(", ", chaos.Done.Select(done => $"{done.Key} {done.Value}"))}"));
        output.WriteLine(
            string.Join(
                ' ',
                fleet.Logs.SelectMany(log => log.Ids)
                    .GroupBy(id => id)
                    .OrderBy(group => group.Key)
                    .Select(group => $"{group.Key}:{group.Count()}")));

        Assert.Empty(fleet.Lies);
        Assert.InRange(transactions, 0, (ChaosFleet.Announcements * seconds) + (3 * sessions) + (4 * Processes));
        Assert.InRange(requests, 0, mostRequests);
        Assert.InRange(ofCache, 0, (6 * perMinute) + (6 * Processes));

        // Connecting: every 15 s; and the end of each session.
        Assert.InRange(ofClient, 0, (4 * perMinute) + (2 * Processes) + (3 * sessions));
    }

    // All are healthy, are members, agree on the number of members, and announce.
    private async Task<TimeSpan> RecoverAsync(ChaosEnvironment world, ChaosFleet fleet)
    {
        var (restored, announced, last) = (fleet.Time.GetTimestamp(), await world.NewestAnnouncementAsync(), "");
        while (true)
        {
            var problems = (await fleet.ProblemsAsync()).ToList();
            var members = await world.MembersAsync();
            if (members != Processes)
            {
                problems.Add($"{members} members");
            }

            if (await world.NewestAnnouncementAsync() <= announced)
            {
                problems.Add("nothing is announced");
            }

            var took = fleet.Time.GetElapsedTime(restored);
            if (problems.Count == 0)
            {
                return took;
            }

            var said = string.Join(" | ", problems.Distinct());
            if (took > Recovery)
            {
                Assert.Fail($"{took.TotalSeconds:0} s after all was restored: {said}; "
                    + $"{string.Join(", ", await world.TreeAsync(ChaosEnvironment.Chroot))}; "
                    + $"{string.Join(Environment.NewLine, fleet.Logs[0].Texts.TakeLast(20))}");
            }

            if (said != last)
            {
                output.WriteLine($"{took.TotalSeconds:0} s: {last = said}");
            }

            await Task.Delay(TimeSpan.FromMilliseconds(100), TimeProvider.System);
        }
    }

    private static long Sessions(ChaosEnvironment world, ChaosFleet fleet) => world.Sessions + fleet.Sessions;
}
