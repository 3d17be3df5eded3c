using NearCache.TestSupport.Servers;

namespace NearCache.Memcached.Tests.Faults;

public sealed class KilledServerTests(ITestOutputHelper output)
{
    [Fact]
    public async Task A_server_killed_and_restarted_under_load_costs_errors_that_are_fast_and_one_connection_at_a_time()
    {
        await using var server = await MemcachedProcess.StartNewAsync();
        await using var client = new MemcachedClient(FaultLoad.Options(server.Address));
        await using var load = new FaultLoad(client, server.Port);
        await load.AnswersAgainAsync();

        server.Kill();
        await Task.Delay(TimeSpan.FromSeconds(2), TimeProvider.System);
        await TestSupport.Eventually.BecomesTrueAsync(() => client.Servers[0].State == MemcachedServerState.Down, "the server is down");
        await server.StartAsync();
        var recovery = await load.AnswersAgainAsync();

        output.WriteLine(load.Row("kill -9 for 2 s, restart", recovery));
        Assert.InRange(load.MaxConnections, 0, 1);
        Assert.True(load.Errors.ContainsKey("ServerDown"));
        Assert.InRange(load.SlowestOfOurs, TimeSpan.Zero, TimeSpan.FromSeconds(20));
    }

    [Fact]
    public async Task A_server_bounced_again_and_again_is_found_again_each_time()
    {
        await using var server = await MemcachedProcess.StartNewAsync();
        await using var client = new MemcachedClient(FaultLoad.Options(server.Address));
        await using var load = new FaultLoad(client, server.Port);
        var slowest = TimeSpan.Zero;
        for (var bounce = 0; bounce < 4; bounce++)
        {
            await load.AnswersAgainAsync();
            await Task.Delay(TimeSpan.FromSeconds(3), TimeProvider.System);
            server.Kill();
            await server.StartAsync();
            var recovery = await load.AnswersAgainAsync();
            slowest = recovery > slowest ? recovery : slowest;
        }

        output.WriteLine(load.Row("bounced every 3 s, 4 times", slowest));
        Assert.InRange(load.MaxConnections, 0, 1);
    }

    [Fact]
    public async Task A_server_that_refuses_at_start_is_found_when_it_comes()
    {
        await using var server = await MemcachedProcess.StartNewAsync();
        server.Kill();
        await using var client = new MemcachedClient(FaultLoad.PatientOptions(server.Address));
        await using var load = new FaultLoad(client, server.Port);
        await TestSupport.Eventually.BecomesTrueAsync(() => load.Failed > 100, "calls fail");
        await Task.Delay(TimeSpan.FromSeconds(1), TimeProvider.System);

        await server.StartAsync();
        var recovery = await load.AnswersAgainAsync();

        output.WriteLine(load.Row("refused at start for 1 s", recovery));
        Assert.InRange(load.MaxConnections, 0, 1);
        Assert.Equal(["ServerDown"], load.Errors.Keys);
    }
}
