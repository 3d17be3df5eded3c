using System.Globalization;
using NearCache.TestSupport.Servers;

namespace NearCache.IntegrationTests.Fleet;

/// <summary>
/// Four processes on two memcached servers with RabbitMQ as the carrier of announcements, under every fault in turn. Afterwards their logs
/// are checked against the promise, as <see cref="FleetUnderFaultsTests"/> does with ZooKeeper.
/// </summary>
/// <remarks>About 30 s. <c>NEARCACHE_SOAK</c> sets the minutes, and then RabbitMQ and ZooKeeper together are a further case.</remarks>
public sealed class CarriersUnderFaultsTests(ITestOutputHelper output)
{
    private const int Processes = 4;
    private const int Keys = 40;

    // The coarse clock of a hit has a resolution, and a call is logged slightly before it reads the clock.
    private static readonly TimeSpan Bound = TimeSpan.FromSeconds(5) + TimeSpan.FromMilliseconds(50);

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task No_near_hit_is_staler_than_promised_with_RabbitMQ(bool hasZooKeeper)
    {
        var minutes = Environment.GetEnvironmentVariable("NEARCACHE_SOAK") is { Length: > 0 } text
            ? double.Parse(text, CultureInfo.InvariantCulture)
            : 0;
        Assert.SkipUnless(!hasZooKeeper || minutes > 0, "RabbitMQ beside ZooKeeper: NEARCACHE_SOAK=<minutes>");
        var seed = Random.Shared.Next();
        output.WriteLine($"seed {seed}");
        await using var broker = await RabbitMqProcess.StartNewAsync();
        await using var zooKeeper = hasZooKeeper ? await ZooKeeperEnsemble.StartNewAsync() : null;
        var folder = Directory.CreateTempSubdirectory("nearcache-test-").FullName;
        var memcacheds = await Task.WhenAll(Enumerable.Range(0, 2).Select(_ => MemcachedProcess.StartNewAsync()));
        var servers = string.Join(',', memcacheds.Select(server => server.Address));
        var clients = Enumerable.Range(0, Processes).Select(member => new FleetProcess(
            Path.Combine(folder, $"{member}.log"), member, Processes, Keys, 2000, servers, zooKeeper, broker)).ToArray();
        await Task.WhenAll(clients.Select(client => client.StartAsync()));

        var faults = new FaultInjector(clients, memcacheds, zooKeeper, new Random(seed), broker);

        // By default the faults of the broker, and of a process; the other test has the rest.
        var all = minutes > 0
            ? faults.All
            : [.. faults.All.Where(fault => fault.Name is "broker stopped" or "publishers blocked" or "client cut from the broker"
                or "broker killed" or "client killed" or "counter lost")];
        var duration = TimeSpan.FromMinutes(minutes > 0 ? minutes : 0.33);
        var started = TimeProvider.System.GetTimestamp();
        for (var turn = 0; TimeProvider.System.GetElapsedTime(started) < duration || turn < all.Count; turn++)
        {
            await faults.InjectAsync(all[turn % all.Count]);
            await Task.Delay(TimeSpan.FromMilliseconds(500), TimeProvider.System);
        }

        foreach (var client in clients)
        {
            await client.StopAsync();
        }

        var log = new FleetLog(clients.Select(client => client.Log));
        output.WriteLine($"[FIGURE] RabbitMQ{(hasZooKeeper ? " and ZooKeeper" : "")}: {log.NearHits:N0} near hits checked, {log.Writes:N0} "
            + $"writes done; oldest value served {log.WorstStaleness().TotalSeconds:0.00} s; faults "
            + string.Join(", ", faults.Seen.Select(fault => $"{fault.Key} {fault.Value}")));
        Assert.Empty(log.Violations(Bound).Take(10));
        Assert.True(log.NearHits >= 10_000, $"only {log.NearHits} near hits");
        Assert.All(all, fault => Assert.True(faults.Seen.GetValueOrDefault(fault.Name) > 0, $"{fault.Name} was not seen"));
        foreach (var process in clients.Concat<ServerProcess>(memcacheds))
        {
            await process.DisposeAsync();
        }

        Directory.Delete(folder, recursive: true);
    }
}
