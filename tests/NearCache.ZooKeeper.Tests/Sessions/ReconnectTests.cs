using NearCache.TestSupport;
using NearCache.TestSupport.ZooKeeper;

namespace NearCache.ZooKeeper.Tests.Sessions;

public sealed class ReconnectTests
{
    [Fact]
    public async Task A_client_created_before_its_server_connects_later()
    {
        await using var server = FakeZooKeeper.Start();
        server.Stop();
        await using var client = TestClients.New(server.ConnectionString);
        var create = client.CreateAsync("/a", null);
        Assert.Equal(ZooKeeperState.Connecting, client.State);

        server.Restart();

        Assert.Equal("/a", (await create.AsTask().WaitAsync(TestClients.Patience)).Path);
        Assert.Equal(ZooKeeperState.Connected, client.State);
    }

    [Fact]
    public async Task After_a_lost_connection_the_same_session_is_resumed()
    {
        await using var server = FakeZooKeeper.Start();
        await using var client = TestClients.New(server.ConnectionString);
        await using var changes = client.StateChangesAsync().GetAsyncEnumerator();
        var seen = new List<ZooKeeperStateChange>();
        while (seen.LastOrDefault()?.State != ZooKeeperState.Connected)
        {
            seen.Add(await changes.NextAsync());
        }

        await client.CreateAsync("/e", null, ZNodeMode.Ephemeral);
        server.DropConnections();

        Assert.Equal(ZooKeeperState.Connecting, (await changes.NextAsync()).State);
        var again = await changes.NextAsync();
        Assert.Equal((ZooKeeperState.Connected, false, seen[^1].SessionId), (again.State, again.IsNewSession, again.SessionId));
        Assert.True(seen[^1].IsNewSession);
        Assert.NotNull(await client.ExistsAsync("/e"));
    }

    [Fact]
    public async Task A_write_whose_reply_was_lost_has_an_unknown_outcome_and_a_read_has_not()
    {
        await using var server = FakeZooKeeper.Start();
        server.SetData("/a", [1]);
        await using var client = await server.ConnectAsync();
        server.OnRequest = request => request.Operation is "SetData" or "GetData" ? FakeFault.CloseAfter : null;

        var write = await Assert.ThrowsAsync<ConnectionLossException>(() => client.SetDataAsync("/a", new byte[] { 2 }).AsTask());
        var read = await Assert.ThrowsAsync<ConnectionLossException>(() => client.GetDataAsync("/a").AsTask());

        Assert.True(write.IsOutcomeUnknown && write.IsTransient && write.Path == "/a");
        Assert.True(!read.IsOutcomeUnknown && read.IsTransient);
        Assert.Equal([2], server.GetData("/a"));
    }

    [Fact]
    public async Task Requests_that_were_not_sent_go_out_on_the_next_connection()
    {
        await using var server = FakeZooKeeper.Start();
        await using var client = await server.ConnectAsync();
        server.Stop();
        await client.WaitForStateAsync(ZooKeeperState.Connecting).WaitAsync(TestClients.Patience);

        var writes = Enumerable.Range(0, 100).Select(i => client.CreateAsync($"/n{i}", null).AsTask()).ToArray();
        server.Restart();

        await Task.WhenAll(writes).WaitAsync(TestClients.Patience);
        Assert.Equal(100, server.Requests.Count(request => request.Operation == "Create2"));
    }

    [Fact]
    public async Task The_client_leaves_a_hung_server_for_another_one()
    {
        var time = new ManualTime();
        await using var ensemble = FakeEnsemble.Start(2, time);
        await using var client = TestClients.New(
            ensemble.ConnectionString,
            options => (options.SessionTimeout, options.LivenessTimeout) = (TimeSpan.FromSeconds(60), TimeSpan.FromSeconds(1)),
            time);
        await client.WaitForStateAsync(ZooKeeperState.Connected).WaitAsync(TestClients.Patience);
        var session = client.SessionId;
        var hung = ensemble.ServerOf(session)!;
        var other = ensemble.Servers.Single(server => server != hung);

        hung.Freeze();
        var before = time.GetTimestamp();
        await time.AdvanceUntilAsync(() => client.State == ZooKeeperState.Connecting, "the hung server is given up");
        // Without the setting it would be a third of the session timeout. On a busy machine the clock advances further before the client
        // runs.
        Assert.InRange(time.GetElapsedTime(before), TimeSpan.FromSeconds(0.9), TimeSpan.FromSeconds(15));
        await time.AdvanceUntilAsync(
            () => client.State == ZooKeeperState.Connected && other.Holds(session), "the other server has the session");
        await time.AdvanceUntilDisposedAsync(client);
    }

    [Fact]
    public async Task Pings_keep_an_idle_session_alive()
    {
        var time = new ManualTime();
        await using var server = FakeZooKeeper.Start(time);
        await using var client = await server.ConnectAsync(time: time);
        var session = client.SessionId;

        await time.AdvanceUntilAsync(() => server.Requests.Count(request => request.Operation == "Ping") > 10, "pings");

        // The clock may advance too far on a busy machine. The session is then resumed on another connection.
        await time.AdvanceUntilAsync(() => client.State == ZooKeeperState.Connected, "connected");
        Assert.Equal(session, client.SessionId);
        Assert.DoesNotContain(server.Requests, request => request.Operation == "Ping" && request.Id != -2);
        await time.AdvanceUntilDisposedAsync(client);
    }

    [Fact]
    public async Task The_client_tries_the_next_server_when_one_closes_before_its_first_reply()
    {
        await using var ensemble = FakeEnsemble.Start(2);
        ensemble.Servers[0].OnConnect = _ => FakeFault.CloseBefore;
        for (var i = 0; i < 5; i++)
        {
            await using var client = TestClients.New(ensemble.ConnectionString);
            await client.WaitForStateAsync(ZooKeeperState.Connected).WaitAsync(TestClients.Patience);
            Assert.True(ensemble.Servers[1].Holds(client.SessionId));
        }
    }

    [Theory]
    [InlineData(0)]
    [InlineData(3)]
    [InlineData(4)]
    [InlineData(20)]
    [InlineData(40)]
    public async Task A_truncated_first_reply_opens_no_session(int bytes)
    {
        await using var server = FakeZooKeeper.Start();
        var attempts = 0;
        server.OnConnect = _ => Interlocked.Increment(ref attempts) < 3 ? FakeFault.CutReply(bytes) : null;

        await using var client = await server.ConnectAsync();

        Assert.Equal(3, attempts);
        await client.CreateAsync("/a", null);
    }

    [Theory]
    [InlineData(0)]
    [InlineData(2)]
    [InlineData(4)]
    [InlineData(12)]
    [InlineData(30)]
    public async Task A_truncated_reply_is_a_lost_connection(int bytes)
    {
        await using var server = FakeZooKeeper.Start();
        server.SetData("/a", [1]);
        await using var client = await server.ConnectAsync();
        server.OnRequest = request => request.Operation == "SetData" ? FakeFault.CutReply(bytes) : null;

        var lost = await Assert.ThrowsAsync<ConnectionLossException>(
            () => client.SetDataAsync("/a", null).AsTask().WaitAsync(TestClients.Patience));
        Assert.True(lost.IsOutcomeUnknown);
        Assert.Equal(1, (await client.GetDataAsync("/a")).Stat.Version);
    }

    [Fact]
    public async Task Bytes_may_arrive_one_at_a_time()
    {
        await using var server = FakeZooKeeper.Start();
        server.SendsByteByByte = true;
        await using var client = await server.ConnectAsync();
        var told = new TaskCompletionSource<WatchEvent>();

        await client.CreateAsync("/a", new byte[] { 1, 2, 3 });
        Assert.Equal([1, 2, 3], (await client.GetDataAsync("/a", told.SetResult)).Data.ToArray());
        await client.SetDataAsync("/a", null);

        Assert.Equal(WatchEventType.DataChanged, (await told.Task.WaitAsync(TestClients.Patience)).Type);
    }

    [Fact]
    public async Task The_client_does_not_read_from_a_server_that_is_behind_its_newest_transaction()
    {
        await using var ensemble = FakeEnsemble.Start(2);
        ensemble.Servers[1].Stop();
        await using var client = TestClients.New(ensemble.ConnectionString);
        await client.CreateAsync("/a", new byte[] { 1 });
        await client.SetDataAsync("/a", new byte[] { 2 });

        // The other server returns with fewer transactions than the client has seen, while the first one stops.
        ensemble.Servers[1].Lag();
        await client.SetDataAsync("/a", new byte[] { 3 });
        ensemble.Servers[1].Restart();
        ensemble.Servers[0].Stop();
        var read = client.GetDataAsync("/a").AsTask();
        await Eventually.BecomesTrueAsync(() => client.State == ZooKeeperState.Connecting, "disconnected");
        await Task.WhenAny(read, Task.Delay(50));
        ensemble.Servers[1].CatchUp();

        try
        {
            Assert.Equal([3], (await read.WaitAsync(TestClients.Patience)).Data.ToArray());
        }
        catch (ConnectionLossException)
        {
            // Sent on the lost connection: the read fails instead of returning old data.
            Assert.Equal([3], (await client.GetDataAsync("/a")).Data.ToArray());
        }
    }

    [Fact]
    public async Task With_AllowReadOnly_reads_continue_without_a_quorum_until_a_server_with_one_is_found()
    {
        var time = new ManualTime();
        await using var ensemble = FakeEnsemble.Start(2, time);
        ensemble.Servers[0].SetData("/a", [1]);
        ensemble.Servers[0].IsReadOnly = true;
        ensemble.Servers[1].Stop();
        await using var refused = TestClients.New(ensemble.Servers[0].ConnectionString, time: time);
        await using var client = TestClients.New(ensemble.ConnectionString, options => options.AllowReadOnly = true, time);

        await time.AdvanceUntilAsync(() => client.State == ZooKeeperState.ConnectedReadOnly, "reading");
        Assert.Equal([1], (await time.AdvanceUntilDoneAsync(client.GetDataAsync("/a").AsTask())).Data.ToArray());
        await Assert.ThrowsAsync<ReadOnlyServerException>(() => time.AdvanceUntilDoneAsync(client.SetDataAsync("/a", null).AsTask()));
        Assert.Equal(ZooKeeperState.Connecting, refused.State);

        ensemble.Servers[1].Restart();
        await time.AdvanceUntilAsync(() => client.State == ZooKeeperState.Connected, "writing");
        await time.AdvanceUntilDoneAsync(client.SetDataAsync("/a", new byte[] { 2 }).AsTask());
        await time.AdvanceUntilDisposedAsync(client);
        await time.AdvanceUntilDisposedAsync(refused);
    }

    [Fact]
    public async Task Identities_are_claimed_on_every_connection()
    {
        await using var server = FakeZooKeeper.Start();
        await using var client = await server.ConnectAsync(
            options => options.Authentications.Add(ZooKeeperAuthentication.Digest("ann", "x")));
        await client.AuthenticateAsync(ZooKeeperAuthentication.Digest("bob", "y"));
        Assert.Equal(["127.0.0.1", "ann", "bob"], (await client.WhoAmIAsync()).Select(identity => identity.User));

        server.DropConnections();
        await Eventually.BecomesTrueAsync(() => server.Requests.Count(request => request.Operation == "Auth") == 4, "claimed again");

        Assert.Equal(["127.0.0.1", "ann", "bob"], (await client.WhoAmIAsync()).Select(identity => identity.User));
    }

    [Fact]
    public async Task A_refused_identity_ends_the_client()
    {
        await using var server = FakeZooKeeper.Start();
        await using var client = await server.ConnectAsync();

        await Assert.ThrowsAsync<AuthenticationFailedException>(
            () => client.AuthenticateAsync(new ZooKeeperAuthentication { Scheme = "nonsense", Credentials = default })
                .WaitAsync(TestClients.Patience));
        await client.WaitForStateAsync(ZooKeeperState.AuthenticationFailed).WaitAsync(TestClients.Patience);
        await Assert.ThrowsAsync<AuthenticationFailedException>(() => client.GetDataAsync("/").AsTask());
        await Assert.ThrowsAsync<AuthenticationFailedException>(() => client.WaitForStateAsync(ZooKeeperState.Connected));
    }
}
