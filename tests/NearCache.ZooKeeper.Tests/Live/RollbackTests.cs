using System.Collections.Concurrent;
using NearCache.TestSupport;
using NearCache.TestSupport.Servers;

namespace NearCache.ZooKeeper.Tests.Live;

/// <summary>
/// Real servers that are wiped, restored from an older copy or replaced. The clock of the client runs faster, so that half a minute takes a
/// few seconds.
/// </summary>
public sealed class RollbackTests
{
    private const int Faster = 15;

    [Fact]
    public async Task The_client_opens_a_new_session_once_most_servers_prove_that_the_ensemble_was_wiped()
    {
        await using var ensemble = await ZooKeeperEnsemble.StartNewAsync();
        await using var client = Client(ensemble.ConnectionString);
        var watched = new ConcurrentQueue<WatchEvent>();
        for (var i = 0; i < 50; i++)
        {
            await client.CreateAsync($"/n{i}", null);
        }

        await client.ExistsAsync("/n0", watched.Enqueue);
        var expired = ExpiredAsync(client);
        var first = client.SessionId;
        var clock = new AcceleratedTime(Faster);

        // One server stays down: the other two are a majority.
        ensemble.KillAll();
        Array.ForEach([.. ensemble.Servers], Wipe);
        ensemble.Servers[0].Launch();
        ensemble.Servers[1].Launch();
        var reason = await expired.WaitAsync(TimeSpan.FromMinutes(1));
        await client.WaitForStateAsync(ZooKeeperState.Connected).WaitAsync(TimeSpan.FromMinutes(1));

        TestContext.Current.TestOutputHelper?.WriteLine(
            "[FIGURE] two of three servers wiped and started, one dead: a new session after "
            + $"{clock.GetElapsedTime(0).TotalSeconds:0} s by the client's clock, the servers' start included");
        Assert.True(reason.IsGivenUp);
        Assert.Contains("2 of 3 servers serve", reason.Message, StringComparison.Ordinal);
        Assert.NotEqual(first, client.SessionId);
        Assert.Null(await client.ExistsAsync("/n0"));
        await client.CreateAsync("/n0", null);
        Assert.Contains(watched, told => told.Type == WatchEventType.SessionLost);
    }

    [Fact]
    public async Task The_client_opens_a_new_session_on_a_server_restored_from_an_older_copy()
    {
        await using var server = await ZooKeeperProcess.StartNewAsync(settings: ["forceSync=yes"]);
        await using var client = Client(server.Address);
        await client.CreateAsync("/old", null);
        server.Kill();
        var (data, copy) = (Path.Combine(server.Folder, "data", "version-2"), Path.Combine(server.Folder, "copy"));
        CopyFolder(data, copy);
        await server.StartAsync();
        for (var i = 0; i < 50; i++)
        {
            await Retrying(() => client.CreateWithParentsAsync($"/new/n{i}", null).AsTask());
        }

        var expired = ExpiredAsync(client);
        server.Kill();
        Directory.Delete(data, recursive: true);
        CopyFolder(copy, data);
        await server.StartAsync();

        Assert.True((await expired.WaitAsync(TimeSpan.FromMinutes(1))).IsGivenUp);
        await client.WaitForStateAsync(ZooKeeperState.Connected).WaitAsync(TimeSpan.FromMinutes(1));
        Assert.NotNull(await client.ExistsAsync("/old"));
        Assert.Null(await client.ExistsAsync("/new"));
    }

    private static ZooKeeperClient Client(string connectionString) => new(
        new ZooKeeperOptions
        {
            ConnectionString = connectionString,
            RenewSession = true,
            SessionTimeout = TimeSpan.FromSeconds(60),
            LivenessTimeout = TimeSpan.FromSeconds(60),

            // Measured by the faster clock.
            ConnectTimeout = TimeSpan.FromSeconds(30),
            RequestTimeout = TimeSpan.FromMinutes(5),
        },
        timeProvider: new AcceleratedTime(Faster));

    private static async Task<SessionExpiredException> ExpiredAsync(ZooKeeperClient client)
    {
        await foreach (var change in client.StateChangesAsync())
        {
            if (change.State == ZooKeeperState.Expired)
            {
                return Assert.IsType<SessionExpiredException>(change.Reason);
            }
        }

        throw new InvalidOperationException("Closed.");
    }

    private static void Wipe(ZooKeeperProcess server) =>
        Directory.Delete(Path.Combine(server.Folder, "data", "version-2"), recursive: true);

    private static void CopyFolder(string from, string to)
    {
        Directory.CreateDirectory(to);
        foreach (var file in Directory.GetFiles(from))
        {
            File.Copy(file, Path.Combine(to, Path.GetFileName(file)));
        }
    }

    // The restart of the server closes the connection.
    private static async Task Retrying(Func<Task> call)
    {
        for (var attempt = 1; ; attempt++)
        {
            try
            {
                await call();
                return;
            }
            catch (Exception e) when (e is NodeExistsException || (e is ZooKeeperException { IsTransient: true } && attempt < 100))
            {
                if (e is NodeExistsException)
                {
                    return;
                }

                await Task.Delay(TimeSpan.FromMilliseconds(20), TimeProvider.System);
            }
        }
    }
}
