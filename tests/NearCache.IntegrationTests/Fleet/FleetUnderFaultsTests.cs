using System.Globalization;
using NearCache.TestSupport;
using NearCache.TestSupport.Servers;

namespace NearCache.IntegrationTests.Fleet;

/// <summary>
/// Six processes on three memcached and three ZooKeeper servers, under every fault in turn. Afterwards their logs are checked against the
/// promise.
/// </summary>
/// <remarks>
/// About a minute. <c>NEARCACHE_SOAK</c> sets the minutes; then the test asserts a million near hits and twenty faults of each kind.
/// </remarks>
public sealed class FleetUnderFaultsTests(ITestOutputHelper output)
{
    private const int Processes = 6;
    private const int Keys = 60;

    // The coarse clock of a hit has a resolution, and a call is logged slightly before it reads the clock.
    private static readonly TimeSpan Bound = TimeSpan.FromSeconds(5) + TimeSpan.FromMilliseconds(50);

    [Fact]
    public async Task No_near_hit_is_staler_than_promised()
    {
        var minutes = Environment.GetEnvironmentVariable("NEARCACHE_SOAK") is { Length: > 0 } text
            ? double.Parse(text, CultureInfo.InvariantCulture)
            : 0;
        var duration = TimeSpan.FromMinutes(minutes > 0 ? minutes : 0.8);
        var seed = Environment.GetEnvironmentVariable("NEARCACHE_SEED") is { Length: > 0 } chosen
            ? int.Parse(chosen, CultureInfo.InvariantCulture)
            : Random.Shared.Next();
        output.WriteLine($"seed {seed}");
        var folder = Directory.CreateTempSubdirectory("nearcache-test-").FullName;
        var memcacheds = await Task.WhenAll(Enumerable.Range(0, 3).Select(_ => MemcachedProcess.StartNewAsync()));
        await using var zooKeeper = await ZooKeeperEnsemble.StartNewAsync();
        var servers = string.Join(',', memcacheds.Select(server => server.Address));
        var clients = Enumerable.Range(0, Processes)
            .Select(
                member => new FleetProcess(
                    Path.Combine(folder, $"{member}.log"), member, Processes, Keys, minutes > 0 ? 2000 : 4000, servers, zooKeeper))
            .ToArray();
        await Task.WhenAll(clients.Select(client => client.StartAsync()));

        var faults = new FaultInjector(clients, memcacheds, zooKeeper, new Random(seed));
        var all = faults.All;
        var wanted = minutes >= 10 ? 20 : 1;
        var until = TimeProvider.System.GetTimestamp();
        for (var turn = 0; TimeProvider.System.GetElapsedTime(until) < duration || turn < wanted * all.Count; turn++)
        {
            await faults.InjectAsync(all[turn % all.Count]);
            await Task.Delay(TimeSpan.FromMilliseconds(500), TimeProvider.System);
        }

        foreach (var client in clients)
        {
            await client.StopAsync();
        }

        var log = new FleetLog(clients.Select(client => client.Log));
        output.WriteLine($"[FIGURE] {log.NearHits:N0} near hits checked, {log.RemoteReads:N0} remote reads, {log.Writes:N0} writes "
            + $"done, {log.UncertainWrites:N0} uncertain; oldest value served {log.WorstStaleness().TotalSeconds:0.00} s");
        output.WriteLine($"[FIGURE] faults seen: {string.Join(", ", faults.Seen.Select(fault => $"{fault.Key} {fault.Value}"))}");
        var monitor = MonitorCounts(folder);
        output.WriteLine($"[FIGURE] the monitors of the same processes: {monitor[0]:N0} hits checked, {monitor[1]:N0} agreed, "
            + $"{monitor[2]:N0} voided in time, {monitor[3]:N0} unclassified, {monitor[4]:N0} violations");
        Assert.Empty(log.Violations(Bound).Take(10));
        Assert.Equal(0, monitor[4]);
        Assert.True(monitor[1] > 0, "the monitors checked nothing");
        Assert.True(log.NearHits >= (minutes > 0 ? 1_000_000 : 20_000), $"only {log.NearHits} near hits");
        foreach (var (name, _) in all)
        {
            Assert.True(faults.Seen.GetValueOrDefault(name) >= wanted, $"{name}: seen {faults.Seen.GetValueOrDefault(name)} times");
        }

        foreach (var process in clients.Concat<ServerProcess>(memcacheds))
        {
            await process.DisposeAsync();
        }

        Directory.Delete(folder, recursive: true);
    }

    // The sums over all runs of all processes, also of those that were killed.
    private static long[] MonitorCounts(string folder)
    {
        var sums = new long[5];
        foreach (var file in Directory.GetFiles(folder, "*.monitor"))
        {
            var counts = File.ReadAllText(file).Split(' ');
            for (var i = 0; i < sums.Length; i++)
            {
                sums[i] += long.Parse(counts[i], CultureInfo.InvariantCulture);
            }
        }

        return sums;
    }
}
