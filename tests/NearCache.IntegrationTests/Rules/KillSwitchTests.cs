using System.Net.Sockets;
using System.Text;
using NearCache.TestSupport;
using NearCache.TestSupport.Servers;

namespace NearCache.IntegrationTests.Rules;

/// <summary>The kill switch takes effect in every process, in a second or two, with and without ZooKeeper.</summary>
public sealed class KillSwitchTests(ITestOutputHelper output)
{
    // A busy machine takes longer than the promised two seconds, but not much longer than an entry is served without an audit.
    private static readonly TimeSpan Longest = TimeSpan.FromSeconds(10);

    [Fact]
    public async Task It_reaches_twenty_processes_also_when_ZooKeeper_is_dead()
    {
        await using var fleet = await RuleFleet.StartAsync(caches: 20, servers: 2);
        await fleet.ServeNearAsync("product:1");

        RuleStop? stop = null;
        var alive = new Percentiles(
            await fleet.UntilNotNearAsync(
                "product:1", async () => stop = await fleet.Caches[7].Rules.StopAsync("products", RuleFleet.Reason)));
        output.WriteLine($"[FIGURE] kill switch over 20 caches, ZooKeeper alive: {alive}");
        Assert.InRange(alive.Largest, TimeSpan.Zero, Longest);
        await Eventually.BecomesTrueAsync(
            () => fleet.Caches.All(cache => cache.Rules.Current.Stops.Select(known => known.Id).SequenceEqual([stop!.Id])),
            "all know which stop it is");

        await fleet.Caches[3].Rules.ClearStopsAsync([stop!.Id], RuleFleet.Reason);
        await fleet.ServeNearAsync("product:1");
        fleet.ZooKeeper.Kill();
        await Eventually.BecomesTrueAsync(
            () => fleet.Caches.All(cache => cache.Snapshot().ZooKeeper != "Connected"), "every cache has lost ZooKeeper");

        var dead = new Percentiles(
            await fleet.UntilNotNearAsync("product:1", () => fleet.Caches[7].Rules.StopAsync(null, RuleFleet.Reason)));
        output.WriteLine($"[FIGURE] kill switch over 20 caches, ZooKeeper dead: {dead}");
        Assert.InRange(dead.Largest, TimeSpan.Zero, Longest);

        // The registry has not got the stop; the first process that reaches it adds the stop.
        await fleet.ZooKeeper.StartAsync();
        await Eventually.BecomesTrueAsync(async () => await StopsInRegistryAsync(fleet.Caches[0]) == 1, "the registry has the stop");
        Assert.Equal(2, fleet.Caches[0].Rules.Current.Revision);
    }

    [Fact]
    public async Task By_hand_through_memcached_it_needs_no_process_and_no_ZooKeeper()
    {
        await using var fleet = await RuleFleet.StartAsync(caches: 2, servers: 2);
        await fleet.ServeNearAsync("product:1");
        fleet.ZooKeeper.Kill();

        // docs/operations/kill-switch.md, "Through memcached".
        var stopped = await fleet.UntilNotNearAsync(
            "product:1", () => SendAsync(fleet.Memcached[0], "set ~nc:1:rules:rules 0 0 18\r\nstop incident 4711\r\n"));

        Assert.All(stopped, time => Assert.InRange(time, TimeSpan.Zero, Longest));
        await Eventually.BecomesTrueAsync(
            () =>
                fleet.Caches.All(cache => cache.Rules.Current.Stops is [{ Rule: null, Who: "by hand", Why: "incident 4711", When: null }]),
            "both know why");
    }

    [Fact]
    public async Task A_stop_without_an_acknowledgement_stops_this_process_and_throws()
    {
        await using var fleet = await RuleFleet.StartAsync(caches: 1);
        await fleet.ServeNearAsync("product:1");
        fleet.ZooKeeper.Kill();
        fleet.Memcached[0].Kill();

        var failed = await Assert.ThrowsAsync<NearCacheException>(() => fleet.Caches[0].Rules.StopAsync(null, RuleFleet.Reason));

        Assert.True(failed.OutcomeUnknown);
        Assert.Single(fleet.Caches[0].Rules.Current.Stops);
        Assert.Equal(CacheSource.None, (await fleet.Caches[0].GetAsync<string>("product:1")).Source);

        // The process keeps retrying.
        await fleet.ZooKeeper.StartAsync();
        await Eventually.BecomesTrueAsync(async () => await StopsInRegistryAsync(fleet.Caches[0]) == 1, "the registry has the stop");
    }

    private static async Task<int> StopsInRegistryAsync(NearCacheClient cache)
    {
        try
        {
            return (await cache.Rules.GetAsync()).Stops.Count;
        }
        catch (NearCacheException)
        {
            return -1;
        }
    }

    private static async Task SendAsync(MemcachedProcess server, string text)
    {
        using var socket = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
        await socket.ConnectAsync("127.0.0.1", server.Port);
        await socket.SendAsync(Encoding.ASCII.GetBytes(text));
        var answer = new byte[64];
        Assert.Equal("STORED\r\n", Encoding.ASCII.GetString(answer, 0, await socket.ReceiveAsync(answer)));
    }
}
