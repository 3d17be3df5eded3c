using NearCache.Coherence.Ledger.Core;

namespace NearCache.Tests.Coherence.Simulation;

/// <summary>A rule that is a mistake: near keys that are written all the time.</summary>
public sealed class LoadTests(ITestOutputHelper output)
{
    [Fact]
    public void However_much_is_written_ZooKeeper_gets_no_more_than_its_budget_and_the_promise_holds()
    {
        var profile = new Profile(new Random(3))
        {
            Processes = 20,
            Members = 20,
            Servers = 3,
            MaxStaleness = 5000,
            Slowest = 2000,
            LongestGap = 200,
            LostLogs = 0,
            HasZooKeeper = true,
            MicrosecondsBetweenWrites = 400,
            MillisecondsBetweenReads = 20,
            Seconds = 10,
        }.Calm();

        var run = new Run<CoherenceProtocol>(1, profile).Begin().ToEnd();

        var attempts = run.ZooKeeper.Writes / (double)profile.Seconds;
        var audits = run.Processes.Sum(process => process.Servers.Sum(server => server.Audits));
        output.WriteLine($"[FIGURE] load: 20 members, 2,500 near writes/s: setData {attempts:F1}/s, getData "
            + $"{run.ZooKeeper.Reads / (double)profile.Seconds:F0}/s, events {run.ZooKeeper.Notified / (double)profile.Seconds:F0}/s, "
            + $"announcements dropped {run.Processes.Sum(process => process.Dropped)}, "
            + $"reads of counters and logs {(run.Servers.Sum(server => server.FlushReads + server.LogReads) / (double)audits):F1} an "
            + $"audit, near hits checked {run.Checker.Hits}");
        Assert.Null(run.Checker.Violation);

        // Twenty full buckets at the start, then the budget of 100 a second.
        Assert.InRange(run.ZooKeeper.Writes, 1, 20 + (100 * profile.Seconds));
        Assert.InRange(run.ZooKeeper.Notified, 1, 5000 * profile.Seconds);
    }
}
