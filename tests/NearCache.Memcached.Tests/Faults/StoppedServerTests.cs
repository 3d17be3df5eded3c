using NearCache.TestSupport.Servers;

namespace NearCache.Memcached.Tests.Faults;

public sealed class StoppedServerTests(ITestOutputHelper output)
{
    [Fact]
    public async Task A_server_stopped_for_ten_seconds_costs_each_caller_a_second_once()
    {
        await using var server = await MemcachedProcess.StartNewAsync();
        await using var client = new MemcachedClient(FaultLoad.Options(server.Address));
        await using var load = new FaultLoad(client, server.Port);
        await load.AnswersAgainAsync();

        server.Pause();
        await Task.Delay(TimeSpan.FromSeconds(10), TimeProvider.System);
        server.Resume();
        var recovery = await load.AnswersAgainAsync();
        await TestSupport.Eventually.BecomesTrueAsync(() => TcpTable.EstablishedAt(server.Port) == 1, "the server has one connection");

        output.WriteLine(load.Row("SIGSTOP for 10 s, SIGCONT", recovery));
        Assert.InRange(load.MaxConnections, 0, 1);
        Assert.InRange(load.Slowest, TimeSpan.FromSeconds(0.9), TimeSpan.MaxValue);
        Assert.InRange(load.SlowestOfOurs, TimeSpan.Zero, TimeSpan.FromSeconds(8));
        Assert.InRange(recovery, TimeSpan.Zero, TimeSpan.FromSeconds(50));
    }
}
