using NearCache.TestSupport;
using NearCache.TestSupport.Diagnostics;
using NearCache.TestSupport.ZooKeeper;
using NearCache.Transport;
using NearCache.ZooKeeper.Sessions;

namespace NearCache.ZooKeeper.Tests.Sessions;

/// <summary>Servers that refuse the identity of the client.</summary>
public sealed class AuthenticationTests
{
    private static readonly ZooKeeperAuthentication Digest = ZooKeeperAuthentication.Digest("ann", "x");

    [Fact]
    public async Task The_client_uses_other_servers_when_one_refuses_its_identity()
    {
        for (var i = 0; i < 4; i++)
        {
            await using var ensemble = FakeEnsemble.Start(2);
            Refuse(ensemble.Servers[0]);
            await using var client = TestClients.New(ensemble.ConnectionString, options => options.Authentications.Add(Digest));
            await Eventually.BecomesTrueAsync(() => ensemble.Servers[1].Holds(client.SessionId), "at the other server");

            ensemble.Servers[1].DropConnections();
            await Eventually.BecomesTrueAsync(
                () => ensemble.Servers[1].Holds(client.SessionId), "there again, and not at the one that refuses");

            Assert.NotNull(await client.ExistsAsync("/"));
            Assert.InRange(ensemble.Servers[0].Requests.Count(request => request.Operation == "Auth"), 0, 1);
        }
    }

    [Fact]
    public async Task When_all_servers_refuse_operations_fail_at_once_and_attempts_pause_for_long()
    {
        var time = new ManualTime();
        var logs = new LogRecorder();
        await using var ensemble = FakeEnsemble.Start(2, time);
        Refuse(ensemble.Servers[0]);
        Refuse(ensemble.Servers[1]);
        var options = new ZooKeeperOptions { ConnectionString = ensemble.ConnectionString, RenewSession = true };
        options.Authentications.Add(Digest);
        await using var client = new ZooKeeperClient(options, logs, timeProvider: time);
        await time.AdvanceUntilAsync(() => client.State == ZooKeeperState.AuthenticationFailed, "refused by both");
        var refused = await Assert.ThrowsAsync<AuthenticationFailedException>(() => client.ExistsAsync("/").AsTask());
        Assert.Contains("Authentications", refused.Message, StringComparison.Ordinal);
        await Assert.ThrowsAsync<AuthenticationFailedException>(() => client.WaitForStateAsync(ZooKeeperState.Connected));

        // 10 minutes: each server 1, 2, 4 … minutes after the last time, each less by half at most.
        var before = time.GetTimestamp();
        await time.AdvanceUntilAsync(() => time.GetElapsedTime(before) > TimeSpan.FromMinutes(10), "ten minutes", 2000);
        Assert.InRange(Attempts(), 4, 16);
        Assert.InRange(logs.Of(3103).Length, 2, 14);

        Array.ForEach([.. ensemble.Servers], server => server.OnRequest = null);
        await time.AdvanceUntilAsync(() => client.State == ZooKeeperState.Connected, "let in", 2000);
        Assert.NotNull(await time.AdvanceUntilDoneAsync(client.ExistsAsync("/").AsTask()));
        await time.AdvanceUntilDisposedAsync(client);

        int Attempts() => ensemble.Servers.Sum(server => server.Requests.Count(request => request.Operation == "Auth"));
    }

    [Fact]
    public async Task A_server_that_ends_sessions_without_an_identity_is_not_asked_for_new_ones_in_a_loop()
    {
        var time = new ManualTime();
        await using var server = FakeZooKeeper.Start(time);
        await using var client = await server.ConnectAsync(options => options.RenewSession = true, time);
        server.OnRequest = request =>
        {
            if (request.Operation == "Exists")
            {
                _ = Task.Run(() => server.ExpireSession(request.SessionId));
                return FakeFault.Error(ZooKeeperErrorCode.SessionClosedRequireAuth);
            }

            return null;
        };

        await Assert.ThrowsAnyAsync<ZooKeeperException>(() => time.AdvanceUntilDoneAsync(client.ExistsAsync("/").AsTask()));
        await time.AdvanceUntilAsync(() => client.State == ZooKeeperState.AuthenticationFailed, "refused");
        await time.AdvanceUntilDisposedAsync(client);
    }

    [Fact]
    public void Pauses_of_a_server_double_from_one_minute_to_ten()
    {
        var refusals = new AuthenticationBackoff(new Random(3));
        var (one, other) = (ServerAddress.Parse("a:1"), ServerAddress.Parse("b:1"));
        ServerAddress[] both = [one, other];
        var now = TimeSpan.Zero;
        refusals.RecordRefusal(one, now);
        Assert.True(refusals.IsPaused(one, now));
        Assert.Equal(TimeSpan.Zero, refusals.GetCommonPause(both, now));

        refusals.RecordRefusal(other, now);
        Assert.InRange(refusals.GetCommonPause(both, now), TimeSpan.FromSeconds(30), TimeSpan.FromSeconds(90));

        refusals.RecordSuccess(other);
        foreach (var minutes in new[] { 2.0, 4, 8, 10, 10 })
        {
            now += refusals.GetCommonPause([one], now);
            Assert.False(refusals.IsPaused(one, now));
            refusals.RecordRefusal(one, now);
            Assert.InRange(refusals.GetCommonPause([one], now).TotalMinutes, minutes / 2, minutes * 1.5);
        }
    }

    private static void Refuse(FakeZooKeeper server) =>
        server.OnRequest = request => request.Operation == "Auth" ? FakeFault.Error(ZooKeeperErrorCode.AuthFailed) : null;
}
