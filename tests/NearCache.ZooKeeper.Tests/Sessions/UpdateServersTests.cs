using NearCache.TestSupport;
using NearCache.TestSupport.ZooKeeper;

namespace NearCache.ZooKeeper.Tests.Sessions;

public sealed class UpdateServersTests
{
    [Fact]
    public async Task The_client_leaves_a_server_that_is_removed_from_the_list_and_keeps_the_session()
    {
        await using var ensemble = FakeEnsemble.Start(3);
        await using var client = TestClients.New(string.Join(',', ensemble.Servers.Take(2).Select(server => server.ConnectionString)));
        await client.WaitForStateAsync(ZooKeeperState.Connected).WaitAsync(TestClients.Patience);
        var session = client.SessionId;
        await client.CreateAsync("/e", null, ZNodeMode.Ephemeral);

        client.UpdateServers(ensemble.Servers[2].ConnectionString);
        await Eventually.BecomesTrueAsync(() => ensemble.Servers[2].Holds(session) && client.State == ZooKeeperState.Connected, "moved");

        Assert.Equal(session, client.SessionId);
        Assert.NotNull(await client.ExistsAsync("/e"));
    }

    [Fact]
    public async Task A_server_that_stays_in_a_list_that_does_not_grow_keeps_its_connection()
    {
        await using var ensemble = FakeEnsemble.Start(3);
        await using var client = TestClients.New(ensemble.Servers[0].ConnectionString);
        await client.WaitForStateAsync(ZooKeeperState.Connected).WaitAsync(TestClients.Patience);
        client.UpdateServers(ensemble.Servers[0].ConnectionString);
        await client.ExistsAsync("/");
        Assert.Single(ensemble.Servers[0].Requests, request => request.Operation == "Exists");

        // What is tried next is of the new list.
        client.UpdateServers(string.Join(',', ensemble.Servers[0].ConnectionString, ensemble.Servers[1].ConnectionString));
        ensemble.Servers[0].Stop();
        await Eventually.BecomesTrueAsync(() => ensemble.Servers[1].Holds(client.SessionId), "at the added server");
    }

    [Fact]
    public async Task A_list_that_is_replaced_while_disconnected_is_used_by_the_next_attempt()
    {
        await using var server = FakeZooKeeper.Start();
        await using var client = TestClients.New("127.0.0.1:1");
        client.UpdateServers(server.ConnectionString);
        await client.WaitForStateAsync(ZooKeeperState.Connected).WaitAsync(TestClients.Patience);
    }

    [Fact]
    public async Task An_invalid_list_and_another_chroot_are_rejected_and_change_nothing()
    {
        await using var server = FakeZooKeeper.Start();
        await using var client = await server.ConnectAsync();

        Assert.Contains(
            "bad:port", Assert.Throws<ArgumentException>(() => client.UpdateServers("bad:port")).Message, StringComparison.Ordinal);
        Assert.Contains(
            "'/app'",
            Assert.Throws<ArgumentException>(() => client.UpdateServers(server.ConnectionString + "/app")).Message,
            StringComparison.Ordinal);
        Assert.Throws<ArgumentNullException>(() => client.UpdateServers(null!));
        Assert.NotNull(await client.ExistsAsync("/"));
        await client.DisposeAsync();
        Assert.Throws<ObjectDisposedException>(() => client.UpdateServers(server.ConnectionString));
    }
}
