using NearCache.TestSupport.Memcached;

namespace NearCache.Memcached.Tests.Faults;

public sealed class SilentServerTests(ITestOutputHelper output)
{
    [Fact]
    public async Task A_server_that_accepts_and_never_answers_is_asked_by_one_connection_at_a_time()
    {
        await using var server = FakeMemcached.Start();
        server.Faults.IsSilent = true;
        await using var client = new MemcachedClient(FaultLoad.Options(server.Address));
        await using var load = new FaultLoad(client, server.Port);
        await Task.Delay(TimeSpan.FromSeconds(8), TimeProvider.System);
        await TestSupport.Eventually.BecomesTrueAsync(() => server.AcceptedConnections >= 2, "it is tried again");
        var attempts = server.AcceptedConnections;

        server.Faults.IsSilent = false;
        server.CloseConnections();
        var recovery = await load.AnswersAgainAsync();

        output.WriteLine(load.Row($"accepts and never answers for 8 s ({attempts} attempts)", recovery));
        Assert.InRange(load.MaxConnections, 0, 1);
        Assert.InRange(attempts, 2, 9);
        Assert.InRange(load.Slowest, TimeSpan.FromSeconds(0.9), TimeSpan.MaxValue);
        Assert.InRange(load.SlowestOfOurs, TimeSpan.Zero, TimeSpan.FromSeconds(7));
    }
}
