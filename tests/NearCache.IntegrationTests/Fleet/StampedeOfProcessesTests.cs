using System.Diagnostics;
using NearCache.TestSupport.Servers;

namespace NearCache.IntegrationTests.Fleet;

/// <summary>
/// A stampede: 200 callers in each of four processes on real memcached and ZooKeeper request a missing key with a factory of 20 ms, which
/// runs once in the fleet.
/// </summary>
/// <remarks>10 rounds; 100 with <c>NEARCACHE_FULL=1</c>.</remarks>
public sealed class StampedeOfProcessesTests(ITestOutputHelper output)
{
    private const int Processes = 4;
    private const int Callers = 200;

    [Fact]
    public async Task One_factory_of_the_fleet_runs_for_the_callers_of_four_processes()
    {
        Require.Program("memcached");
        Require.ZooKeeper();
        await using var memcached = await MemcachedProcess.StartNewAsync();
        await using var zooKeeper = await ZooKeeperEnsemble.StartNewAsync();
        var members = Enumerable.Range(0, Processes)
            .Select(_ => new StampedeClientProcess(Callers, memcached.Address, zooKeeper.ConnectionString))
            .ToArray();
        await Task.WhenAll(members.Select(member => member.StartAsync()));
        var waits = new List<TimeSpan>();
        var rounds = TestScale.Of(10, 100);
        for (var round = 0; round < rounds; round++)
        {
            // A key that a rule matches, and one that none does.
            var key = round % 2 == 0 ? $"product:{round}" : $"basket:{round}";
            var at = Stopwatch.GetTimestamp() + (Stopwatch.Frequency / 5);
            var reports = await Task.WhenAll(members.Select(member => member.AskAsync(key, at)));
            Assert.Equal(1, reports.Sum(report => report.Runs));
            Assert.Single(reports.SelectMany(report => report.Values).Distinct());
            Assert.Equal(Processes * Callers, reports.Sum(report => report.Waits.Count));
            waits.AddRange(reports.SelectMany(report => report.Waits));
        }

        output.WriteLine($"[FIGURE] stampede of {Processes} processes with {Callers} callers each on a missing key, factory 20 ms, run "
            + $"once in each of {rounds} rounds: a caller waited {new Percentiles(waits)}");
        foreach (var member in members)
        {
            await member.StopAsync();
            await member.DisposeAsync();
        }
    }
}
