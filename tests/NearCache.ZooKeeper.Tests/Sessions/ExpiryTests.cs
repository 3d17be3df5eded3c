using System.Collections.Concurrent;
using NearCache.TestSupport;
using NearCache.TestSupport.ZooKeeper;

namespace NearCache.ZooKeeper.Tests.Sessions;

public sealed class ExpiryTests
{
    [Fact]
    public async Task An_expired_session_is_reported_once_and_replaced_if_RenewSession_is_set()
    {
        await using var server = FakeZooKeeper.Start();
        await using var client = await server.ConnectAsync(options => options.RenewSession = true);
        var first = client.SessionId;
        await client.CreateAsync("/e", null, ZNodeMode.Ephemeral);
        await using var changes = client.StateChangesAsync().GetAsyncEnumerator();
        Assert.Equal(ZooKeeperState.Connected, (await changes.NextAsync()).State);

        server.ExpireSession(first);

        Assert.Equal(ZooKeeperState.Connecting, (await changes.NextAsync()).State);
        Assert.Equal(
            (ZooKeeperState.Expired, first), (await changes.NextAsync()) is var expired ? (expired.State, expired.SessionId) : default);
        Assert.Equal(ZooKeeperState.Connecting, (await changes.NextAsync()).State);
        var again = await changes.NextAsync();
        Assert.Equal((ZooKeeperState.Connected, true), (again.State, again.IsNewSession));
        Assert.NotEqual(first, client.SessionId);
        Assert.Null(await client.ExistsAsync("/e"));
    }

    [Fact]
    public async Task Without_RenewSession_operations_fail_until_a_new_session_is_requested()
    {
        await using var server = FakeZooKeeper.Start();
        await using var client = await server.ConnectAsync();
        server.ExpireSession(client.SessionId);
        await client.WaitForStateAsync(ZooKeeperState.Expired).WaitAsync(TestClients.Patience);

        var expired = await Assert.ThrowsAsync<SessionExpiredException>(() => client.ExistsAsync("/").AsTask());
        Assert.False(expired.IsTransient);

        await client.RenewSessionAsync().WaitAsync(TestClients.Patience);
        Assert.NotNull(await client.ExistsAsync("/"));
    }

    [Fact]
    public async Task Operations_that_waited_for_the_old_session_are_not_executed_in_the_new_one()
    {
        await using var server = FakeZooKeeper.Start();
        await using var client = await server.ConnectAsync(options => options.RenewSession = true);
        server.Stop();
        await client.WaitForStateAsync(ZooKeeperState.Connecting).WaitAsync(TestClients.Patience);
        var create = client.CreateAsync("/e", null, ZNodeMode.Ephemeral).AsTask();

        server.ExpireSession(client.SessionId);
        server.Restart();

        var expired = await Assert.ThrowsAsync<SessionExpiredException>(() => create.WaitAsync(TestClients.Patience));
        Assert.True(expired.IsTransient);
        Assert.False(expired.IsOutcomeUnknown);
        Assert.Null(await client.ExistsAsync("/e"));
    }

    [Fact]
    public async Task Watches_of_a_lost_session_are_notified_once()
    {
        await using var server = FakeZooKeeper.Start();
        await using var client = await server.ConnectAsync(options =>
        {
            options.RenewSession = true;
            TestClients.WaitForHandlers(options);
        });
        var events = new ConcurrentQueue<WatchEvent>();
        await client.ExistsAsync("/a", events.Enqueue);
        await client.GetChildrenAsync("/", events.Enqueue);
        await client.AddWatchAsync("/b", PersistentWatchMode.Recursive, events.Enqueue);

        var first = client.SessionId;
        server.ExpireSession(first);
        await TestSupport.Eventually.BecomesTrueAsync(
            () => client.SessionId != first && client.State == ZooKeeperState.Connected, "a new session");
        server.SetData("/a", []);
        await client.SyncAsync("/");

        Assert.Equal(
            ["/", "/a", "/b"], events.Where(e => e.Type == WatchEventType.SessionLost).Select(e => e.Path).Order(StringComparer.Ordinal));
        Assert.Equal(3, events.Count(e => e.IsFinal));
        Assert.Equal(0, server.Watches);
        Assert.Equal(0, client.Session.Watches.Count);
    }

    [Fact]
    public async Task Attempts_back_off_while_a_server_answers_every_connect_request_with_expired()
    {
        var time = new ManualTime();
        var opened = 0;
        await using var server = FakeZooKeeper.Start(time);
        await using var client = TestClients.New(
            server.ConnectionString, options => (
                options.RenewSession,
                options.ReconnectDelay,
                options.MaxReconnectDelay) = (true, TimeSpan.FromMilliseconds(100), TimeSpan.FromSeconds(5)), time);
        await time.AdvanceUntilAsync(() => client.State == ZooKeeperState.Connected, "connected");
        await using var changes = client.StateChangesAsync().GetAsyncEnumerator();
        Assert.Equal(ZooKeeperState.Connected, (await changes.NextAsync()).State);
        server.OnConnect = _ =>
        {
            Interlocked.Increment(ref opened);
            return FakeFault.Send(FakeZooKeeper.Expired());
        };
        var before = time.GetTimestamp();
        server.DropConnections();
        await time.AdvanceUntilAsync(() => time.GetElapsedTime(before) > TimeSpan.FromSeconds(30), "half a minute", 100);

        TestContext.Current.TestOutputHelper?.WriteLine(
            $"[FIGURE] a server that answers every open with expired: {opened} connections in half a minute");

        // 0.1, 0.2, 0.4, 0.8, 1.6, 3.2 and then every 5 s, each less by half at most.
        Assert.InRange(opened, 2, 22);

        server.OnConnect = null;
        await time.AdvanceUntilAsync(() => client.State == ZooKeeperState.Connected, "connected again");
        List<ZooKeeperState> states = [];
        while (!states.Contains(ZooKeeperState.Connected))
        {
            states.Add((await changes.NextAsync()).State);
        }

        Assert.Single(states, ZooKeeperState.Expired);
        await time.AdvanceUntilDisposedAsync(client);
    }
}
