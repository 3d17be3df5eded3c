using System.Net;
using NearCache.Deployment.Tests.Monitoring;
using NearCache.TestSupport;
using NearCache.TestSupport.Servers;

namespace NearCache.Deployment.Tests.Releases;

/// <summary>SIGTERM to a shop that serves: what the servers and the fleet see of it.</summary>
public sealed class ShutdownTests
{
    [Fact]
    public async Task A_process_that_is_told_to_end_leaves_no_connection_no_member_and_a_last_report_within_the_grace_time()
    {
        await using var memcached = await MemcachedProcess.StartNewAsync();
        await using var zooKeeper = await ZooKeeperProcess.StartNewAsync();
        await using var shop = await ShopProcess.StartNewAsync(memcached.Address, zooKeeper.Address, "--shutdownTimeoutSeconds=20");
        await using var fleet = await FleetClient.ConnectAsync(new NearCacheOptions
        {
            Namespace = ShopProcess.Namespace,
            Memcached = { Servers = { memcached.Address } },
            ZooKeeper = { ConnectionString = zooKeeper.Address },
        });
        await Eventually.BecomesTrueAsync(
            async () => await shop.StatusOfAsync("/health/ready") == HttpStatusCode.OK
                && await LiveAsync(fleet) == 1,
            "the shop is ready, and reports");
        await shop.UseAsync();
        var before = await ConnectionsAsync(fleet);

        // It ends by itself: the host fails with another exit code if its shutdown timeout is over. The limit is for a busy machine.
        Assert.Equal(0, await shop.EndAsync(TimeSpan.FromMinutes(3)));

        await Eventually.BecomesTrueAsync(
            async () => await ConnectionsAsync(fleet) < before && await SessionsAsync(zooKeeper) == 1,
            "the servers have no connection of the shop: only the observer's");
        var report = Assert.Single((await fleet.GetReportsAsync(TestContext.Current.CancellationToken)).Value!.Processes);
        Assert.Equal(ProcessReportStatus.Ended, report.Status);
        Assert.Empty((await fleet.GetMembersAsync(TestContext.Current.CancellationToken)).Value!);
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task A_process_whose_servers_hang_answers_its_probes_and_ends_by_itself(bool hangFromItsStart)
    {
        await using var memcached = await MemcachedProcess.StartNewAsync();
        await using var zooKeeper = await ZooKeeperProcess.StartNewAsync();
        if (hangFromItsStart)
        {
            memcached.Pause();
            zooKeeper.Pause();
        }

        await using var shop = await ShopProcess.StartNewAsync(memcached.Address, zooKeeper.Address, "--shutdownTimeoutSeconds=20");
        await Eventually.BecomesTrueAsync(
            async () => await shop.StatusOfAsync("/health/ready") == HttpStatusCode.OK, "the shop is ready, or its warm-up is over");
        if (!hangFromItsStart)
        {
            await shop.UseAsync();
            memcached.Pause();
            zooKeeper.Pause();
        }

        // Requests that the servers do not answer, when the signal comes.
        var use = Task.WhenAll(Enumerable.Range(0, 20).Select(_ => shop.UseAsync()));
        Assert.Equal(HttpStatusCode.OK, await shop.StatusOfAsync("/health/live"));
        Assert.Equal(HttpStatusCode.OK, await shop.StatusOfAsync("/health/ready"));
        Assert.Equal(HttpStatusCode.OK, await shop.StatusOfAsync("/health/details"));
        Assert.Equal(0, await shop.EndAsync(TimeSpan.FromMinutes(3)));
        await use.ConfigureAwait(ConfigureAwaitOptions.ContinueOnCapturedContext | ConfigureAwaitOptions.SuppressThrowing);
    }

    private static async Task<int> LiveAsync(FleetClient fleet) =>
        (await fleet.GetReportsAsync()).Value?.Processes.Count(process => process.Status == ProcessReportStatus.Live) ?? 0;

    private static async Task<long> ConnectionsAsync(FleetClient fleet) =>
        (await fleet.GetServersAsync())[0].Statistics.Value?.Connections ?? long.MaxValue;

    // Sessions of ZooKeeper: those that it keeps, whether or not they are connected. The one that asks is none.
    private static async Task<int> SessionsAsync(ZooKeeperProcess zooKeeper) =>
        (await zooKeeper.AskAsync("cons")).Split('\n').Count(line => line.Contains("sid=0x", StringComparison.Ordinal));
}
