using System.Net;
using NearCache.TestSupport;
using NearCache.TestSupport.Servers;

namespace NearCache.IntegrationTests.EndToEnd;

/// <summary>The health endpoints of the storefront, as an orchestrator calls them over HTTP.</summary>
public sealed class HealthEndpointsTests
{
    [Fact]
    public async Task A_shop_is_alive_but_not_ready_while_it_warms_up_and_ready_when_the_servers_have_come()
    {
        await using var memcached = await MemcachedProcess.StartNewAsync();
        await using var zooKeeper = await ZooKeeperProcess.StartNewAsync();
        memcached.Kill();
        zooKeeper.Kill();
        await using var process = await StartAsync(memcached, zooKeeper, warmUp: TimeSpan.FromMinutes(5));
        using var orchestrator = Orchestrator(process);

        Assert.Equal((HttpStatusCode.ServiceUnavailable, "Unhealthy"), await AskAsync(orchestrator, "/health/ready"));
        Assert.Equal((HttpStatusCode.OK, "Healthy"), await AskAsync(orchestrator, "/health/live"));

        await Task.WhenAll(memcached.StartAsync(), zooKeeper.StartAsync());
        await Eventually.BecomesTrueAsync(
            async () => await AskAsync(orchestrator, "/health/ready") == (HttpStatusCode.OK, "Healthy"),
            "it is ready",
            TimeSpan.FromMinutes(5));
    }

    [Fact]
    public async Task A_shop_whose_servers_do_not_come_is_ready_after_its_warm_up_and_its_details_are_degraded()
    {
        await using var memcached = await MemcachedProcess.StartNewAsync();
        await using var zooKeeper = await ZooKeeperProcess.StartNewAsync();
        memcached.Kill();
        zooKeeper.Kill();
        await using var process = await StartAsync(memcached, zooKeeper, warmUp: TimeSpan.FromSeconds(1));
        using var orchestrator = Orchestrator(process);

        await Eventually.BecomesTrueAsync(
            async () => await AskAsync(orchestrator, "/health/ready") == (HttpStatusCode.OK, "Healthy"), "it is ready");
        Assert.Equal((HttpStatusCode.OK, "Degraded"), await AskAsync(orchestrator, "/health/details"));
        Assert.Equal((HttpStatusCode.OK, "Healthy"), await AskAsync(orchestrator, "/health/live"));
    }

    [Fact]
    public async Task A_shop_that_loses_its_servers_stays_alive_and_ready_and_says_that_it_is_degraded()
    {
        await using var memcached = await MemcachedProcess.StartNewAsync();
        await using var zooKeeper = await ZooKeeperProcess.StartNewAsync();
        await using var process = await StartAsync(memcached, zooKeeper, warmUp: TimeSpan.FromSeconds(5));
        using var orchestrator = Orchestrator(process);
        await Eventually.BecomesTrueAsync(
            async () => await AskAsync(orchestrator, "/health/ready") == (HttpStatusCode.OK, "Healthy"), "it is ready");

        memcached.Kill();
        zooKeeper.Kill();

        await Eventually.BecomesTrueAsync(
            async () => await AskAsync(orchestrator, "/health/details") == (HttpStatusCode.OK, "Degraded"), "it is degraded");
        Assert.Equal((HttpStatusCode.OK, "Healthy"), await AskAsync(orchestrator, "/health/ready"));
        Assert.Equal((HttpStatusCode.OK, "Healthy"), await AskAsync(orchestrator, "/health/live"));

        await Task.WhenAll(memcached.StartAsync(), zooKeeper.StartAsync());
        await Eventually.BecomesTrueAsync(
            async () => await AskAsync(orchestrator, "/health/details") == (HttpStatusCode.OK, "Healthy"),
            "it is well again",
            TimeSpan.FromMinutes(5));
    }

    private static Task<StorefrontProcess> StartAsync(MemcachedProcess memcached, ZooKeeperProcess zooKeeper, TimeSpan warmUp) =>
        StorefrontProcess.StartNewAsync(
        $"NearCache:Memcached:Servers:0={memcached.Address}", $"NearCache:ZooKeeper:ConnectionString={zooKeeper.Address}",
            $"NearCache:WarmUp={warmUp:c}");

    private static HttpClient Orchestrator(StorefrontProcess process) => new() { BaseAddress = new Uri($"http://{process.Address}") };

    private static async Task<(HttpStatusCode, string)> AskAsync(HttpClient orchestrator, string path)
    {
        using var answer = await orchestrator.GetAsync(new Uri(path, UriKind.Relative));
        return (answer.StatusCode, await answer.Content.ReadAsStringAsync());
    }
}
