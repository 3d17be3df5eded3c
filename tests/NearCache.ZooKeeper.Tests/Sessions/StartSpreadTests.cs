using NearCache.TestSupport;
using NearCache.TestSupport.ZooKeeper;

namespace NearCache.ZooKeeper.Tests.Sessions;

/// <summary>Clients that are created at once, as those of a fleet that starts, do not open their sessions at once.</summary>
public sealed class StartSpreadTests
{
    private const int Clients = 60;
    private static readonly TimeSpan Spread = TimeSpan.FromSeconds(1);

    [Fact]
    public async Task Sessions_are_opened_at_random_within_the_spread()
    {
        await using var server = FakeZooKeeper.Start();
        var time = new ManualTime();
        var options = new ZooKeeperOptions { ConnectionString = server.ConnectionString };
        var clients = Enumerable.Range(0, Clients).Select(_ => new ZooKeeperClient(options, null, null, time, Spread)).ToArray();
        int Connected() => clients.Count(client => client.State == ZooKeeperState.Connected);

        // The clock moves by a tenth of the spread, and then stands for long: only a part of the clients may connect.
        var looks = 0;
        await Eventually.BecomesTrueAsync(
            () =>
            {
                if (Connected() == 0 && looks++ % 500 == 0)
                {
                    time.Advance(Spread / 10);
                }

                return Connected() > 0;
            },
            "the first is connected");
        Assert.InRange(Connected(), 1, Clients - 1);

        await time.AdvanceUntilAsync(() => Connected() == Clients, "all are connected");
        foreach (var client in clients)
        {
            await client.DisposeAsync();
        }
    }

    [Fact]
    public async Task A_client_that_is_disposed_before_it_connects_ends_at_once()
    {
        await using var server = FakeZooKeeper.Start();
        var client = new ZooKeeperClient(
            new ZooKeeperOptions { ConnectionString = server.ConnectionString }, null, null, new ManualTime(), TimeSpan.FromDays(1));

        await client.DisposeAsync().AsTask().WaitAsync(TestClients.Patience);
        Assert.Empty(server.Sessions);
    }
}
