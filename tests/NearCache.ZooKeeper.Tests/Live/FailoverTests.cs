using System.Diagnostics;
using NearCache.TestSupport.Servers;
using NearCache.ZooKeeper.Tests.Sessions;

namespace NearCache.ZooKeeper.Tests.Live;

/// <summary>The time that a client needs to leave a server that was killed or hangs.</summary>
public sealed class FailoverTests
{
    // A busy machine does not end it. The client detects a silent server as with the default of 10 s.
    private static readonly TimeSpan Session = TimeSpan.FromSeconds(30);

    [Fact]
    public async Task The_client_leaves_a_killed_and_a_hung_server_long_before_the_session_ends()
    {
        await using var ensemble = await ZooKeeperEnsemble.StartNewAsync();
        await using var client = new ZooKeeperClient(new ZooKeeperOptions
        {
            ConnectionString = ensemble.ConnectionString,
            SessionTimeout = Session,
            LivenessTimeout = TimeSpan.FromSeconds(3.3),
            RequestTimeout = Session,
        });
        await client.CreateAsync("/e", null, ZNodeMode.Ephemeral);

        var dead = await MeasureAsync(ensemble, client, server => server.Kill(), server => server.StartAsync());
        var hung = await MeasureAsync(ensemble, client, server => server.Pause(), server =>
        {
            server.Resume();
            return Task.CompletedTask;
        });

        TestContext.Current.TestOutputHelper?.WriteLine(
            $"[FIGURE] kill -9 of the attached server noticed after {dead.Noticed.TotalSeconds:0.00} s, connected again after "
            + $"{dead.Back.TotalSeconds:0.00} s; SIGSTOP {hung.Noticed.TotalSeconds:0.00} s and {hung.Back.TotalSeconds:0.00} s "
            + "(silence of 3.3 s; when the hung server leads, the others take a syncLimit of 5 s to elect another)");
        Assert.NotNull(await client.ExistsAsync("/e"));
        Assert.InRange(dead.Noticed, TimeSpan.Zero, 0.8 * Session);
        Assert.InRange(hung.Noticed, TimeSpan.Zero, 0.8 * Session);
    }

    private static async Task<(TimeSpan Noticed, TimeSpan Back)> MeasureAsync(
        ZooKeeperEnsemble ensemble, ZooKeeperClient client, Action<ZooKeeperProcess> harm, Func<ZooKeeperProcess, Task> healAsync)
    {
        await client.WaitForStateAsync(ZooKeeperState.Connected);
        var attached = ensemble.Servers.Single(server => server.Address == client.Session.States.Current.Server);
        await using var changes = client.StateChangesAsync().GetAsyncEnumerator();
        await changes.NextAsync();
        var clock = Stopwatch.StartNew();
        harm(attached);
        Assert.Equal(ZooKeeperState.Connecting, (await changes.NextAsync()).State);
        var noticed = clock.Elapsed;
        Assert.Equal(ZooKeeperState.Connected, (await changes.NextAsync()).State);
        var took = clock.Elapsed;
        await healAsync(attached);
        return (noticed, took);
    }
}
