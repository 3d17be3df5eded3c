using System.Net;
using System.Net.Sockets;
using System.Text;
using NearCache.TestSupport;
using NearCache.TestSupport.Servers;

namespace NearCache.IntegrationTests.Reports;

/// <summary>Reports on real memcached servers.</summary>
public sealed class ProcessReportsTests
{
    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Processes_see_each_other_over_the_restart_of_a_server_and_say_when_they_end()
    {
        await using var one = await MemcachedProcess.StartNewAsync();
        await using var two = await MemcachedProcess.StartNewAsync();
        await using var here = Start(one, two, options => options.Reports.PodName = "blog-web-1");
        await using var there = Start(one, two, options => options.Reports.NodeName = "n9");

        // The first reports come with the first connections, and lie on both servers.
        await Eventually.BecomesTrueAsync(
            async () => await CopiesAsync(here) is [2, 2], "both processes report to both servers");
        var reports = await here.GetReportsAsync(Token);
        var (first, second) = (reports.Processes[0].Summary!, reports.Processes[1].Summary!);
        var pod = first.Pod == "blog-web-1" ? first : second;
        var node = pod == first ? second : first;
        Assert.Equal(("n9", Environment.ProcessId, 1), (node.Node, node.ProcessId, pod.Starts));
        Assert.Equal((pod.ServersHash, pod.PlacementHash, pod.PrefixHash), (node.ServersHash, node.PlacementHash, node.PrefixHash));
        Assert.Equal([1, 1], pod.Connections);
        Assert.All(reports.Servers, server => Assert.Equal((2, 0, null), (server.Reports, server.Unreadable, server.Problem)));

        // Its own connections are those of the server's own list.
        await Eventually.BecomesTrueAsync(
            async () => (await here.GetReportAsync(pod.Id, Token))?.Servers is { Count: 2 } servers
                && servers.All(server => server.Connections.Count == 1 && server.ConfirmedBefore is not null),
            "the detail has the connections");
        var detail = await here.GetReportAsync(pod.Id, Token);
        var listed = await StatsConnectionsAsync(one);
        Assert.Contains($"tcp:{detail!.Servers.Single(server => server.Name == one.Address).Connections[0].Local}", listed);

        // A restart loses nothing, is named once, and the reports come back to the server.
        one.Kill();
        await one.StartAsync();
        await Eventually.BecomesTrueAsync(
            async () => (await here.GetReportsAsync(Token)) is var now
                && now.Processes.Count == 2
                && now.Servers[0].Problem?.StartsWith("reports lost:", StringComparison.Ordinal) == true,
            "the loss is named, and the other server has both reports");
        await Eventually.BecomesTrueAsync(async () => await CopiesAsync(there) is [2, 2], "both report to the restarted server again");

        await there.DisposeAsync();
        reports = await here.GetReportsAsync(Token);
        Assert.Equal(ProcessReportStatus.Ended, reports.Processes.Single(process => process.Id == node.Id).Status);
        Assert.Equal(ProcessReportStatus.Live, reports.Processes.Single(process => process.Id == pod.Id).Status);
    }

    [Fact]
    public async Task A_server_whose_items_are_smaller_than_a_detail_keeps_the_summary()
    {
        await using var small = await MemcachedProcess.StartNewAsync("-I", "1024", "-o", "slab_chunk_max=1024");
        await using var cache = Start(small, small, _ => { });
        await Eventually.BecomesTrueAsync(async () => (await cache.GetReportsAsync(Token)).Processes.Count == 1, "the process reports");
        async Task<long> ReadsAsync() => Assert.Single((await cache.GetReportsAsync(Token)).Processes).Summary!.RemoteReads;
        for (var round = 0; round < 3; round++)
        {
            var before = await ReadsAsync();
            await cache.GetAsync<string>("key", Token);
            await Eventually.BecomesTrueAsync(async () => await ReadsAsync() > before, "the summary is stored again");
        }
    }

    [Fact]
    public async Task Values_above_the_size_of_a_report_are_read_and_dropped()
    {
        await using var server = await MemcachedProcess.StartNewAsync();
        await using var cache = Start(server, server, _ => { });
        await Eventually.BecomesTrueAsync(async () => (await cache.GetReportsAsync(Token)).Processes.Count == 1, "it reports");
        await StoreAsync(server, Enumerable.Range(0, 40).Select(place => ($"~nc:1:default:report:{place}", 900_000)));

        // 36 MB arrive with each read. Other tests of the process allocate meanwhile, but not during every one.
        var fewest = long.MaxValue;
        for (var read = 0; read < 50 && fewest > 8 << 20; read++)
        {
            var before = GC.GetTotalAllocatedBytes(precise: true);
            var reports = await cache.GetReportsAsync(Token);
            fewest = Math.Min(fewest, GC.GetTotalAllocatedBytes(precise: true) - before);
            Assert.InRange(reports.Servers[0].Unreadable, 25, 40);
        }

        Assert.InRange(fewest, 0, 8 << 20);
    }

    private static NearCacheClient Start(MemcachedProcess one, MemcachedProcess two, Action<NearCacheOptions> configure)
    {
        var options = new NearCacheOptions { KeyPrefix = "" };
        foreach (var server in new[] { one, two }.Distinct())
        {
            options.Memcached.Servers.Add(server.Address);
        }

        options.Reports.Interval = TimeSpan.FromSeconds(1);
        configure(options);
        return new NearCacheClient(options);
    }

    private static async Task<int[]> CopiesAsync(NearCacheClient cache) =>
        [.. (await cache.GetReportsAsync(Token)).Processes.Select(process => process.Servers.Count)];

    private static async Task<string> StatsConnectionsAsync(MemcachedProcess server)
    {
        using var client = await ConnectAsync(server);
        await client.SendAsync("stats conns\r\nquit\r\n"u8.ToArray(), Token);
        return await new StreamReader(new NetworkStream(client)).ReadToEndAsync(Token);
    }

    private static async Task StoreAsync(MemcachedProcess server, IEnumerable<(string Key, int Bytes)> items)
    {
        using var client = await ConnectAsync(server);
        foreach (var (key, bytes) in items)
        {
            await client.SendAsync(Encoding.ASCII.GetBytes($"set {key} 0 900 {bytes} noreply\r\n{new string('x', bytes)}\r\n"), Token);
        }

        await client.SendAsync("quit\r\n"u8.ToArray(), Token);
        await new StreamReader(new NetworkStream(client)).ReadToEndAsync(Token);
    }

    private static async Task<Socket> ConnectAsync(MemcachedProcess server)
    {
        var client = new Socket(SocketType.Stream, ProtocolType.Tcp);
        await client.ConnectAsync(IPAddress.Loopback, server.Port, Token);
        return client;
    }
}
