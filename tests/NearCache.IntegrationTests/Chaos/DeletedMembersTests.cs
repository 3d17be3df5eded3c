using System.Globalization;
using NearCache.TestSupport;
using NearCache.TestSupport.Servers;

namespace NearCache.IntegrationTests.Chaos;

/// <summary>The member nodes of a running fleet are deleted on a real ensemble.</summary>
public sealed class DeletedMembersTests(ITestOutputHelper output)
{
    private const int Processes = 4;

    [Fact]
    public async Task Members_join_again_once_and_no_process_takes_the_budget_of_the_others()
    {
        var time = new AcceleratedTime(20);
        await using var memcached = await MemcachedProcess.StartNewAsync();
        await using var world = await ChaosEnvironment.StartAsync();
        await using var fleet = new ChaosFleet(Processes, memcached, world, time);
        await Eventually.BecomesTrueAsync(
            async () => !(await fleet.ProblemsAsync()).Any() && await world.MembersAsync() == Processes,
            "all is well before it begins",
            TimeSpan.FromMinutes(5));

        var members = (await world.TreeAsync(ChaosEnvironment.Home + "/members")).Skip(1).ToArray();
        Assert.Equal(Processes, members.Length);
        await world.Ledger.StartAsync();
        foreach (var member in members)
        {
            Assert.True(await world.TryAsync(client => client.DeleteAsync(member).AsTask()));
        }

        var deleted = time.GetTimestamp();
        await Eventually.BecomesTrueAsync(
            async () => await world.MembersAsync() == Processes, "all are members again", TimeSpan.FromMinutes(5));
        await world.Ledger.SampleAsync();
        var (joined, joins) = (time.GetElapsedTime(deleted), world.Ledger.Transactions - members.Length);

        // Besides, the identities of servers are written once after the start, and every ten minutes by the fleet's clocks.
        Assert.InRange(joins, Processes, Processes + 2);

        // Every process goes on to write as one of four, also while its count of members was wrong.
        var started = time.GetTimestamp();
        fleet.Start();
        await Eventually.BecomesTrueAsync(
            () => time.GetElapsedTime(started) > TimeSpan.FromMinutes(2),
            "two minutes have passed by the fleet's clocks",
            TimeSpan.FromMinutes(5));
        await fleet.StopAsync();
        await world.Ledger.SampleAsync();

        var seconds = time.GetElapsedTime(started).TotalSeconds;
        var transactions = world.Ledger.Transactions - members.Length - joins;
        output.WriteLine(string.Create(
            CultureInfo.InvariantCulture,
            $"[FIGURE] the members of four processes were deleted: back after {joined.TotalSeconds:0} s "
            + $"of the fleet's time by {joins} transactions; then {transactions / seconds:0.0} announcements/s of "
                + $"{ChaosFleet.Announcements} ({fleet.Writes} writes in {seconds:0} s)"));
        Assert.Equal(Processes, await world.MembersAsync());
        Assert.All(fleet.Caches, cache => Assert.Equal(Processes, cache.Snapshot().Budgets!.Members));
        Assert.InRange(transactions, 1, (ChaosFleet.Announcements * seconds) + (4 * Processes));
    }
}
