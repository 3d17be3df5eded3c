using NearCache.Coherence.Ledger.Core;

namespace NearCache.Tests.Coherence.Simulation;

/// <summary>Without losses nothing is flushed, however large the fleet is.</summary>
public sealed class CalmFleetTests(ITestOutputHelper output)
{
    private const int WarmUp = 10;

    [Fact]
    public void A_fleet_of_300_with_40_writes_a_second_over_8_servers_flushes_nothing_and_stays_confirmed()
    {
        var profile = new Profile(new Random(1))
        {
            Processes = 300,
            Members = 300,
            Servers = 8,
            MaxStaleness = 5000,
            Slowest = 2000,
            LongestGap = 200,
            LostLogs = 0,
            HasZooKeeper = true,
            MicrosecondsBetweenWrites = 25_000,
            MillisecondsBetweenReads = 600_000,
            Seconds = 40,
        }.Calm();

        var (run, oldest) = Run(profile);

        var zooKeeper = run.ZooKeeper;
        output.WriteLine($"[FIGURE] calm fleet: 300 members, 8 servers, 40 writes/s, {profile.Seconds - WarmUp} s: segments flushed "
            + $"{Flushed(run)}, oldest confirmation {oldest} ms, "
            + $"setData {zooKeeper.Writes / (double)profile.Seconds:F1}/s of which {zooKeeper.Refused / (double)profile.Seconds:F1}/s "
            + $"refused, getData {zooKeeper.Reads / (double)profile.Seconds:F0}/s, "
            + $"log reads {run.Servers.Sum(server => server.LogReads)}, announcements dropped "
            + $"{run.Processes.Sum(process => process.Dropped)}");
        Assert.Equal(0, Flushed(run));
        Assert.True(oldest < profile.MaxStaleness / 2, $"a confirmation was {oldest} ms old");
    }

    [Fact]
    public void Without_ZooKeeper_five_writes_a_second_drop_only_the_keys_that_were_written()
    {
        var profile = new Profile(new Random(2))
        {
            Processes = 20,
            Members = 20,
            Servers = 3,
            MaxStaleness = 5000,
            Slowest = 2000,
            LongestGap = 200,
            LostLogs = 0,
            HasZooKeeper = false,
            MicrosecondsBetweenWrites = 200_000,
            MillisecondsBetweenReads = 600_000,
            Seconds = 60,
        }.Calm();

        var (run, oldest) = Run(profile);

        var audits = run.Processes.Sum(process => process.Servers.Sum(server => server.Audits));
        var commands = (2.0 * audits) + run.Servers.Sum(server => server.LogReads);
        output.WriteLine($"[FIGURE] no ZooKeeper: 20 members, 3 servers, 5 writes/s, {profile.Seconds} s: segments flushed "
            + $"{Flushed(run)}, oldest confirmation {oldest} ms, "
            + $"{audits / (double)(profile.Seconds * 60):F2} audits a second, process and server, {commands / audits:F2} commands an "
            + "audit (without that of the rules)");
        Assert.Equal(0, Flushed(run));
        Assert.True(oldest < profile.MaxStaleness / 2, $"a confirmation was {oldest} ms old");
    }

    private static int Flushed(Run<CoherenceProtocol> run) =>
        run.Processes.Sum(
            process => process.Servers.Sum(
                server => server.Flushes.Where(flush => flush.Key is not FlushReason.FirstAudit and not FlushReason.CountersAbsent)
                    .Sum(flush => flush.Value)));

    private static (Run<CoherenceProtocol> Run, long Oldest) Run(Profile profile)
    {
        var run = new Run<CoherenceProtocol>(1, profile).Begin();
        long oldest = 0;
        for (var tenth = WarmUp * 10; tenth <= profile.Seconds * 10; tenth++)
        {
            run.Schedule.RunUntil(tenth * 100_000L);
            oldest = Math.Max(oldest, run.Processes.Max(process => process.OldestConfirmation));
        }

        Assert.Null(run.Checker.Violation);
        return (run, oldest);
    }
}
