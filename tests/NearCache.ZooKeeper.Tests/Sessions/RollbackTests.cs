using NearCache.TestSupport;
using NearCache.TestSupport.Diagnostics;
using NearCache.TestSupport.ZooKeeper;

namespace NearCache.ZooKeeper.Tests.Sessions;

/// <summary>An ensemble that has lost transactions, and cases that only resemble it.</summary>
public sealed class RollbackTests
{
    // Large steps, so that 20 minutes pass in seconds.
    private const double Coarse = 5000;

    [Fact]
    public async Task After_a_wipe_the_session_is_given_up_with_its_possible_causes_and_a_new_one_is_opened()
    {
        var time = new ManualTime();
        await using var ensemble = FakeEnsemble.Start(3, time);
        await using var client = await ConnectAsync(ensemble, time);
        var first = client.SessionId;
        for (var i = 0; i < 20; i++)
        {
            await time.AdvanceUntilDoneAsync(client.CreateAsync($"/n{i}", null).AsTask());
        }

        var told = new List<WatchEvent>();
        await time.AdvanceUntilDoneAsync(client.ExistsAsync("/n0", told.Add).AsTask());
        await using var changes = client.StateChangesAsync().GetAsyncEnumerator();
        Assert.Equal(ZooKeeperState.Connected, (await changes.NextAsync()).State);

        var wiped = time.GetTimestamp();
        ensemble.Wipe();
        await time.AdvanceUntilAsync(
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
        await time.AdvanceUntilDoneAsync(client.CreateAsync("/after", null).AsTask());
        Assert.Contains(told, e => e.Type == WatchEventType.SessionLost);
        Assert.True(client.Session.StateMachine.LastZxid < 10, "What was seen of the old history is forgotten.");
        await time.AdvanceUntilDisposedAsync(client);
    }

    [Fact]
    public async Task A_client_that_renews_on_request_is_notified_once_and_waits()
    {
        var time = new ManualTime();
        await using var ensemble = FakeEnsemble.Start(1, time);
        await using var client = await ConnectAsync(ensemble, time, renews: false);
        await time.AdvanceUntilDoneAsync(client.CreateAsync("/a", null).AsTask());
        await time.AdvanceUntilDoneAsync(client.CreateAsync("/b", null).AsTask());

        ensemble.Wipe();
        await time.AdvanceUntilAsync(() => client.State == ZooKeeperState.Expired, "given up", 500);
        var failed = await Assert.ThrowsAsync<SessionExpiredException>(() => client.ExistsAsync("/a").AsTask());
        Assert.True(failed.IsGivenUp);

        var renewal = client.RenewSessionAsync();
        await time.AdvanceUntilAsync(() => renewal.IsCompleted, "renewed");
        Assert.Null(await time.AdvanceUntilDoneAsync(client.ExistsAsync("/a").AsTask()));
        await time.AdvanceUntilDisposedAsync(client);
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
        await time.AdvanceUntilAsync(() => time.GetElapsedTime(before) > TimeSpan.FromMinutes(20), "twenty minutes", Coarse);
        Assert.NotEqual(ZooKeeperState.Expired, client.State);

        foreach (var server in ensemble.Servers)
        {
            (server.OnConnect, server.Mode) = (null, "follower");
        }

        await time.AdvanceUntilAsync(() => client.State == ZooKeeperState.Connected, "connected again");
        Assert.Equal(first, client.SessionId);
        Assert.Equal(sessions, ensemble.Servers[1].Sessions.Count);
        await time.AdvanceUntilDisposedAsync(client);
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
        await time.AdvanceUntilDoneAsync(client.CreateAsync("/a", null).AsTask());

        // The lagging server serves; the others refuse the client.
        foreach (var server in ensemble.Servers.Where(server => server != lagging))
        {
            server.OnConnect = _ => FakeFault.CloseBefore;
            server.DropConnections();
        }

        var before = time.GetTimestamp();
        await time.AdvanceUntilAsync(() => time.GetElapsedTime(before) > TimeSpan.FromMinutes(20), "twenty minutes", Coarse);
        Assert.Equal(first, client.SessionId);

        own.OnConnect = null;
        await time.AdvanceUntilAsync(() => client.State == ZooKeeperState.Connected, "connected again");
        Assert.Equal(first, client.SessionId);
        await time.AdvanceUntilDisposedAsync(client);
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

        await time.AdvanceUntilAsync(() => time.GetElapsedTime(0) > TimeSpan.FromMinutes(10), "ten minutes", Coarse);

        Assert.InRange(logs.Of(3001).Length, 1, 60);
        await time.AdvanceUntilDisposedAsync(client);
    }

    private static async Task<ZooKeeperClient> ConnectAsync(FakeEnsemble ensemble, ManualTime time, bool renews = true)
    {
        var client = TestClients.New(ensemble.ConnectionString, options => Configure(options, renews), time);
        await time.AdvanceUntilAsync(() => client.State == ZooKeeperState.Connected, "connected");
        return client;
    }

    // The clock advances faster than sockets work, so attempts must not time out.
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
