using System.Globalization;
using NearCache.TestSupport;
using NearCache.TestSupport.Servers;

namespace NearCache.ZooKeeper.Tests.Live;

/// <summary>A quorum that is lost while many sessions exist. NEARCACHE_SOAK sets the duration in minutes; without it, seconds.</summary>
public sealed class QuorumLossTests
{
    private const int Sessions = 300;

    [Fact]
    public async Task Three_hundred_sessions_outlive_a_lost_quorum()
    {
        var soak = Environment.GetEnvironmentVariable("NEARCACHE_SOAK") is { Length: > 0 } minutes
            ? TimeSpan.FromMinutes(double.Parse(minutes, CultureInfo.InvariantCulture))
            : (TimeSpan?)null;
        await using var ensemble = await ZooKeeperEnsemble.StartNewAsync(settings: ["forceSync=yes"]);
        await using var witness = new ZooKeeperClient(
            new ZooKeeperOptions { ConnectionString = ensemble.ConnectionString, SessionTimeout = TimeSpan.FromSeconds(60) });
        var clients = Enumerable.Range(0, Sessions)
            .Select(_ => new ZooKeeperClient(new ZooKeeperOptions { ConnectionString = ensemble.ConnectionString, RenewSession = true }))
            .ToArray();
        try
        {
            await Task.WhenAll(clients.Select((client, i) => client.CreateAsync($"/e{i}", null, ZNodeMode.Ephemeral).AsTask()));
            var sessions = clients.Select(client => client.SessionId).ToArray();
            var expired = 0;
            var following = clients.Select(async client =>
            {
                await foreach (var change in client.StateChangesAsync())
                {
                    Interlocked.Add(ref expired, change.State == ZooKeeperState.Expired ? 1 : 0);
                }
            }).ToArray();

            var leader = await ensemble.LeaderAsync();
            var away = new[] { leader, ensemble.Servers.First(server => server != leader) };
            Array.ForEach(away, server => server.Kill());
            await Eventually.BecomesTrueAsync(
                () => clients.All(client => client.State == ZooKeeperState.Connecting), "no client is connected");

            // Longer than the sessions' timeout of 10 s.
            await Task.Delay(soak ?? TimeSpan.FromSeconds(12), TimeProvider.System);
            Array.ForEach(away, server => server.Launch());
            await ensemble.StartAllAsync();
            await Eventually.BecomesTrueAsync(
                () => clients.All(client => client.State == ZooKeeperState.Connected), "all are connected", TimeSpan.FromMinutes(5));

            var made = clients.Where((client, i) => client.SessionId != sessions[i]).Count();
            TestContext.Current.TestOutputHelper?.WriteLine(
                $"[FIGURE] quorum lost for {(soak ?? TimeSpan.FromSeconds(12)).TotalSeconds:0} s under {Sessions} sessions: "
                + $"{made} new sessions, {expired} expired");
            Assert.Equal((0, 0), (made, expired));
            await Eventually.BecomesTrueAsync(() => witness.State == ZooKeeperState.Connected, "the witness is connected");
            Assert.Equal(Sessions, (await witness.GetChildrenAsync("/")).Names.Count(name => name.StartsWith('e')));
            await Task.WhenAll(clients.Select(client => client.DisposeAsync().AsTask()));
            await Task.WhenAll(following);
        }
        finally
        {
            await Task.WhenAll(clients.Select(client => client.DisposeAsync().AsTask()));
        }
    }
}
