using NearCache.TestSupport;
using NearCache.TestSupport.Diagnostics;
using NearCache.TestSupport.ZooKeeper;

namespace NearCache.ZooKeeper.Tests.Sessions;

/// <summary>An ensemble whose history has gone back, and what only looks like it.</summary>
public sealed class RollbackTests
{
    // So coarse that 20 minutes go by in seconds.
    private const double Coarse = 5000;

    [Fact]
    public async Task After_a_wipe_the_session_is_given_up_with_the_causes_named_and_the_client_goes_on()
    {
        var time = new ManualTime();
        await using var ensemble = FakeEnsemble.Start(3, time);
        await using var client = await ConnectAsync(ensemble, time);
        var first = client.SessionId;
        for (var i = 0; i < 20; i++)
        {
            await time.TurnUntilDoneAsync(client.CreateAsync($"/n{i}", null).AsTask());
        }

        var told = new List<WatchEvent>();
        await time.TurnUntilDoneAsync(client.ExistsAsync("/n0", told.Add).AsTask());
        await using var changes = client.StateChangesAsync().GetAsyncEnumerator();
        Assert.Equal(ZooKeeperState.Connected, (await changes.NextAsync()).State);

        var wiped = time.GetTimestamp();
        ensemble.Wipe();
        await time.TurnUntilAsync(
            () => client.State == ZooKeeperState.Connected && client.SessionId != first && client.SessionId != 0, "a new session", 500);

        Assert.InRange(time.GetElapsedTime(wiped), TimeSpan.FromSeconds(30), TimeSpan.FromMinutes(9));
        Assert.Equal(ZooKeeperState.Connecting, (await changes.NextAsync()).State);
        var expired = await changes.NextAsync();
        Assert.Equal((ZooKeeperState.Expired, first), (expired.State, expired.SessionId));
        var reason = Assert.IsType<SessionExpiredException>(expired.Reason);
        Assert.True(reason.IsGivenUp);
        foreach (var cause in new[] { "3 of 3 servers serve", "wiped", "restored", "replaced", "another one", "maxClientCnxns", "quorum" })
        {
            Assert.Contains(cause, reason.Message, StringComparison.Ordinal);
        }

        Assert.Equal(ZooKeeperState.Connecting, (await changes.NextAsync()).State);
        Assert.True((await changes.NextAsync()).IsNewSession);
        await time.TurnUntilDoneAsync(client.CreateAsync("/after", null).AsTask());
        Assert.Contains(told, e => e.Type == WatchEventType.SessionLost);
        Assert.True(client.Session.StateMachine.LastZxid < 10, "What was seen of the old history is forgotten.");
        await time.TurnUntilDisposedAsync(client);
    }

    [Fact]
    public async Task A_client_that_renews_on_request_is_told_once_and_waits_for_it()
    {
        var time = new ManualTime();
        await using var ensemble = FakeEnsemble.Start(1, time);
        await using var client = await ConnectAsync(ensemble, time, renews: false);
        await time.TurnUntilDoneAsync(client.CreateAsync("/a", null).AsTask());
        await time.TurnUntilDoneAsync(client.CreateAsync("/b", null).AsTask());

        ensemble.Wipe();
        await time.TurnUntilAsync(() => client.State == ZooKeeperState.Expired, "given up", 500);
        var failed = await Assert.ThrowsAsync<SessionExpiredException>(() => client.ExistsAsync("/a").AsTask());
        Assert.True(failed.IsGivenUp);

        var renewal = client.RenewSessionAsync();
        await time.TurnUntilAsync(() => renewal.IsCompleted, "renewed");
        Assert.Null(await time.TurnUntilDoneAsync(client.ExistsAsync("/a").AsTask()));
        await time.TurnUntilDisposedAsync(client);
    }

    [Fact]
    public async Task A_lost_quorum_of_twenty_minutes_ends_no_session()
    {
        var time = new ManualTime();
        await using var ensemble = FakeEnsemble.Start(3, time);
        await using var client = await ConnectAsync(ensemble, time);
        var first = client.SessionId;

        foreach (var server in ensemble.Servers)
        {
            (server.OnConnect, server.Mode) = (_ => FakeFault.CloseBefore, null);
        }

        ensemble.Servers[0].Stop();
        Array.ForEach([.. ensemble.Servers], server => server.DropConnections());
        var before = time.GetTimestamp();
        var sessions = ensemble.Servers[1].Sessions.Count;
        await time.TurnUntilAsync(() => time.GetElapsedTime(before) > TimeSpan.FromMinutes(20), "twenty minutes", Coarse);
        Assert.NotEqual(ZooKeeperState.Expired, client.State);

        foreach (var server in ensemble.Servers)
        {
            (server.OnConnect, server.Mode) = (null, "follower");
        }

        await time.TurnUntilAsync(() => client.State == ZooKeeperState.Connected, "connected again");
        Assert.Equal(first, client.SessionId);
        Assert.Equal(sessions, ensemble.Servers[1].Sessions.Count);
        await time.TurnUntilDisposedAsync(client);
    }

    [Fact]
    public async Task One_server_that_lags_behind_ends_no_session()
    {
        var time = new ManualTime();
        await using var ensemble = FakeEnsemble.Start(3, time);
        await using var client = await ConnectAsync(ensemble, time);
        var first = client.SessionId;
        var own = ensemble.ServerOf(first)!;
        var lagging = ensemble.Servers.First(server => server != own);
        lagging.Lag();
        (lagging.Mode, own.Mode) = ("follower", "follower");
        await time.TurnUntilDoneAsync(client.CreateAsync("/a", null).AsTask());

        // The one that lags serves; the others have no place for the client.
        foreach (var server in ensemble.Servers.Where(server => server != lagging))
        {
            server.OnConnect = _ => FakeFault.CloseBefore;
            server.DropConnections();
        }

        var before = time.GetTimestamp();
        await time.TurnUntilAsync(() => time.GetElapsedTime(before) > TimeSpan.FromMinutes(20), "twenty minutes", Coarse);
        Assert.Equal(first, client.SessionId);

        own.OnConnect = null;
        await time.TurnUntilAsync(() => client.State == ZooKeeperState.Connected, "connected again");
        Assert.Equal(first, client.SessionId);
        await time.TurnUntilDisposedAsync(client);
    }

    [Fact]
    public async Task Failing_to_connect_is_logged_a_few_times_a_minute()
    {
        var time = new ManualTime();
        var logs = new LogRecorder();
        await using var server = FakeZooKeeper.Start(time);
        server.OnConnect = _ => FakeFault.CloseBefore;
        await using var client = new ZooKeeperClient(
            Configure(new ZooKeeperOptions { ConnectionString = server.ConnectionString }, renews: true), logs, timeProvider: time);

        await time.TurnUntilAsync(() => time.GetElapsedTime(0) > TimeSpan.FromMinutes(10), "ten minutes", Coarse);

        Assert.InRange(logs.Of(3001).Length, 1, 60);
        await time.TurnUntilDisposedAsync(client);
    }

    private static async Task<ZooKeeperClient> ConnectAsync(FakeEnsemble ensemble, ManualTime time, bool renews = true)
    {
        var client = TestClients.New(ensemble.ConnectionString, options => Configure(options, renews), time);
        await time.TurnUntilAsync(() => client.State == ZooKeeperState.Connected, "connected");
        return client;
    }

    // The clock turns faster than sockets are: an attempt must not time out by that.
    private static ZooKeeperOptions Configure(ZooKeeperOptions options, bool renews)
    {
        (
            options.RenewSession,
            options.ReconnectDelay,
            options.MaxReconnectDelay) = (renews, TimeSpan.FromMilliseconds(100), TimeSpan.FromSeconds(5));
        (options.ConnectTimeout, options.LivenessTimeout) = (TimeSpan.FromMinutes(2), TimeSpan.FromSeconds(10));
        return options;
    }
}
