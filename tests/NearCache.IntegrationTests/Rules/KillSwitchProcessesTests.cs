using System.Diagnostics;
using NearCache.TestSupport;

namespace NearCache.IntegrationTests.Rules;

/// <summary>The kill switch over separate processes.</summary>
/// <remarks>4 processes; 20 with <c>NEARCACHE_FULL=1</c>.</remarks>
public sealed class KillSwitchProcessesTests(ITestOutputHelper output)
{
    // A busy machine takes longer than the promised two seconds, but not much longer than an entry is served without an audit.
    private static readonly TimeSpan Longest = TimeSpan.FromSeconds(10);

    [Fact]
    public async Task It_reaches_every_process_with_ZooKeeper_alive_and_dead()
    {
        await using var fleet = await RuleFleet.StartAsync(
            caches: 1, servers: 2, configure: options => options.MaxStaleness = TimeSpan.FromSeconds(3));
        var hosts = await Task.WhenAll(
            Enumerable.Range(0, TestScale.Of(4, 20)).Select(_ => CacheProcess.StartNewAsync(fleet.Memcached, fleet.ZooKeeper.Address)));
        try
        {
            RuleStop? stop = null;
            var alive = new Percentiles(
                await UntilGoneAsync(hosts, async () => stop = await fleet.Caches[0].Rules.StopAsync("products", RuleFleet.Reason)));
            output.WriteLine($"[FIGURE] kill switch over {hosts.Length} processes, ZooKeeper alive: {alive}");
            Assert.InRange(alive.Largest, TimeSpan.Zero, Longest);

            await fleet.Caches[0].Rules.ClearStopsAsync([stop!.Id], RuleFleet.Reason);
            await Task.WhenAll(hosts.Select(host => host.ServeNearAsync("product:1")));
            fleet.ZooKeeper.Kill();
            foreach (var host in hosts)
            {
                await Eventually.BecomesTrueAsync(
                    async () => await host.AskAsync("zookeeper") != "Connected", "every process has lost ZooKeeper");
            }

            var dead = new Percentiles(await UntilGoneAsync(hosts, () => fleet.Caches[0].Rules.StopAsync(null, RuleFleet.Reason)));
            output.WriteLine($"[FIGURE] kill switch over {hosts.Length} processes, ZooKeeper dead: {dead}");
            Assert.InRange(dead.Largest, TimeSpan.Zero, Longest);
        }
        finally
        {
            foreach (var host in hosts)
            {
                await host.DisposeAsync();
            }
        }
    }

    // Every process watches before the stop is put. All share the machine's clock.
    private static async Task<TimeSpan[]> UntilGoneAsync(CacheProcess[] hosts, Func<Task> pull)
    {
        await Task.WhenAll(hosts.Select(host => host.ServeNearAsync("product:1")));
        var told = await Task.WhenAll(hosts.Select(async host => (Host: host, Number: await host.TellAsync("gone product:1"))));
        await Task.WhenAll(told.Select(one => one.Host.AnswerAsync(one.Number, "watching")));
        using var stalls = new StallMeter();
        var pulled = Stopwatch.GetTimestamp();
        await pull();
        var gone = await Task.WhenAll(
            told.Select(async one => Stopwatch.GetElapsedTime(pulled, CacheProcess.Time(await one.Host.AnswerAsync(one.Number, "gone")))));

        // Stalls of the machine do not count.
        var stood = stalls.Total;
        return [.. gone.Select(time => time > stood ? time - stood : TimeSpan.Zero)];
    }
}
