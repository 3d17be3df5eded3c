using NearCache.Memcached;
using NearCache.TestSupport;
using NearCache.TestSupport.Servers;
using NearCache.ZooKeeper;

namespace NearCache.IntegrationTests.Fleet;

/// <summary>Injects faults into the fleet and its servers. A fault counts only when its effect was observed.</summary>
internal sealed class FaultInjector(
    FleetProcess[] clients, MemcachedProcess[] memcacheds, ZooKeeperEnsemble? zooKeeper, Random random, RabbitMqProcess? broker = null)
{
    private readonly Dictionary<string, int> _seen = [];

    /// <summary>The number of observed effects of each fault.</summary>
    public IReadOnlyDictionary<string, int> Seen => _seen;

    /// <summary>Injects all faults in turn.</summary>
    public IReadOnlyList<(string Name, Func<Task<bool>> Inject)> All =>
    [
        ("client killed", KillClientAsync),
        ("client stopped", StopClientAsync),
        ("memcached killed", KillMemcachedAsync),
        ("memcached stopped", StopMemcachedAsync),
        ("memcached flushed", FlushAsync),
        ("counter lost", LoseCounterAsync),
        .. zooKeeper is null ? [] : OfZooKeeper(zooKeeper),
        .. broker is null ? [] : OfBroker(broker),
        ("clock jumped", JumpAsync),
    ];

    private (string Name, Func<Task<bool>> Inject)[] OfZooKeeper(ZooKeeperEnsemble ensemble) =>
    [
        ("leader killed", () => KillZooKeeperAsync(ensemble, ensemble.LeaderAsync)),
        ("follower killed", () => KillZooKeeperAsync(ensemble, ensemble.FollowerAsync)),
        ("leader stopped", () => StopZooKeeperAsync(ensemble.LeaderAsync)),
        ("client cut from ZooKeeper", () => PartitionAsync(TimeSpan.FromSeconds(1.5))),
        ("session expired", () => PartitionAsync(TimeSpan.FromSeconds(7))),

        // With a broker, announcements leave nothing in the slots that could be lost.
        .. broker is null ? [("announcements lost", () => LoseAnnouncementsAsync(ensemble))] : Array.Empty<(string, Func<Task<bool>>)>(),
    ];

    private (string Name, Func<Task<bool>> Inject)[] OfBroker(RabbitMqProcess rabbitMq) =>
    [
        ("broker stopped", () => StopBrokerAsync(rabbitMq)),
        ("publishers blocked", () => BlockPublishersAsync(rabbitMq)),
        ("client cut from the broker", CutFromBrokerAsync),
        ("broker killed", () => KillBrokerAsync(rabbitMq)),
    ];

    /// <summary>
    /// Injects one fault until its effect is observed, and counts it. A server may still recover from the previous fault.
    /// </summary>
    public async Task InjectAsync((string Name, Func<Task<bool>> Inject) fault)
    {
        await Eventually.BecomesTrueAsync(fault.Inject, $"the effect of \"{fault.Name}\" is seen", TimeSpan.FromMinutes(5));
        _seen[fault.Name] = _seen.GetValueOrDefault(fault.Name) + 1;
    }

    private static Task Pause(double seconds) => Task.Delay(TimeSpan.FromSeconds(seconds), TimeProvider.System);

    private T Any<T>(IReadOnlyList<T> all) => all[random.Next(all.Count)];

    private async Task<bool> KillClientAsync()
    {
        var client = Any(clients);
        client.Kill();
        var isGone = !client.IsRunning;
        await client.StartAsync();
        return isGone;
    }

    private async Task<bool> StopClientAsync()
    {
        var client = Any(clients);
        var length = new FileInfo(client.Log).Length;
        client.Pause();
        await Pause(0.3);
        length = new FileInfo(client.Log).Length;
        await Pause(random.NextDouble() * 6);
        var stood = new FileInfo(client.Log).Length == length;
        client.Resume();
        return stood;
    }

    private async Task<bool> KillMemcachedAsync()
    {
        var server = Any(memcacheds);
        server.Kill();
        var isGone = !server.IsRunning;
        await Pause(random.NextDouble());
        await server.StartAsync();
        return isGone;
    }

    private async Task<bool> StopMemcachedAsync()
    {
        var server = Any(memcacheds);
        server.Pause();
        await Pause(0.5 + (random.NextDouble() * 3));
        server.Resume();
        return server.IsRunning;
    }

    private async Task<bool> FlushAsync()
    {
        await using var client = new MemcachedClient(new MemcachedOptions { Servers = { Any(memcacheds).Address } });
        try
        {
            var before = await client.Servers[0].GetStatisticsAsync();
            await client.Servers[0].FlushAllAsync();
            return before["curr_items"] != "0";
        }
        catch (MemcachedException)
        {
            return false;
        }
    }

    private async Task<bool> LoseCounterAsync()
    {
        await using var client = new MemcachedClient(new MemcachedOptions { Servers = { Any(memcacheds).Address } });
        try
        {
            var key = random.Next(2) == 0 ? "~nc:1:checker:total"u8.ToArray() : "~nc:1:checker:segment:07"u8.ToArray();
            var response = await client.ExecuteAsync(Memcached.Protocol.MetaCommand.Delete(key));
            return response.Status == Memcached.Protocol.MetaStatus.Ok;
        }
        catch (MemcachedException)
        {
            return false;
        }
    }

    private static async Task<bool> KillZooKeeperAsync(ZooKeeperEnsemble zooKeeper, Func<Task<ZooKeeperProcess>> which)
    {
        var server = await which();
        server.Kill();
        await Pause(Random.Shared.NextDouble() * 2);
        await zooKeeper.StartAllAsync();
        return true;
    }

    private async Task<bool> StopZooKeeperAsync(Func<Task<ZooKeeperProcess>> which)
    {
        var server = await which();
        server.Pause();
        await Pause(1 + (random.NextDouble() * 3));
        server.Resume();
        return true;
    }

    private async Task<bool> StopBrokerAsync(RabbitMqProcess rabbitMq)
    {
        rabbitMq.Pause();
        await Pause(1 + (random.NextDouble() * 3));
        rabbitMq.Resume();
        return true;
    }

    private async Task<bool> KillBrokerAsync(RabbitMqProcess rabbitMq)
    {
        rabbitMq.Kill();
        await Pause(random.NextDouble() * 2);
        await rabbitMq.StartAsync();
        return true;
    }

    private static async Task<bool> BlockPublishersAsync(RabbitMqProcess rabbitMq)
    {
        await rabbitMq.SetDiskLimitAsync(1_000_000_000_000_000);
        await Pause(2);
        var states = await rabbitMq.EvaluateAsync("rabbit_networking:connection_info_all([state])");
        await rabbitMq.SetDiskLimitAsync(1_000_000);
        return states.Contains("block", StringComparison.Ordinal);
    }

    private async Task<bool> CutFromBrokerAsync()
    {
        var way = Any(clients).WayToBroker!;
        await Eventually.BecomesTrueAsync(() => way.Connections > 0, "a client that is to be cut from the broker is connected");
        way.Hold();
        await Pause(1.5 + (2 * random.NextDouble()));
        way.Resume();
        return true;
    }

    // The process still reaches every memcached server, so the audits of the others must find its writes.
    private async Task<bool> PartitionAsync(TimeSpan length)
    {
        var client = Any(clients);
        await Eventually.BecomesTrueAsync(
            () => client.Ways.Any(way => way.Connections > 0), "a client that is to be cut from ZooKeeper is connected");
        foreach (var way in client.Ways)
        {
            way.Hold();
        }

        await Pause(length.TotalSeconds);
        foreach (var way in client.Ways)
        {
            way.Resume();
        }

        return true;
    }

    private static async Task<bool> LoseAnnouncementsAsync(ZooKeeperEnsemble ensemble)
    {
        await using var client = new ZooKeeperClient(ensemble.ConnectionString);
        try
        {
            var lost = 0;
            for (var slot = 0; slot < 8; slot++)
            {
                var path = $"/nearcache/checker/slots/{slot:00}";
                lost += (await client.GetDataAsync(path)).Data.Length;
                await client.SetDataAsync(path, ReadOnlyMemory<byte>.Empty);
            }

            return lost > 0;
        }
        catch (ZooKeeperException)
        {
            return false;
        }
    }

    private async Task<bool> JumpAsync()
    {
        await Any(clients).JumpAsync(TimeSpan.FromSeconds((random.NextDouble() * 20) - 10));
        return true;
    }
}
