using System.Globalization;
using System.Net.Sockets;

namespace NearCache.TestSupport.Servers;

/// <summary>Three ZooKeeper servers of the distribution, on free ports.</summary>
public sealed class ZooKeeperEnsemble : IAsyncDisposable
{
    private ZooKeeperEnsemble(ZooKeeperProcess[] servers) => Servers = servers;

    public IReadOnlyList<ZooKeeperProcess> Servers { get; }

    /// <summary>"host:port,host:port,host:port".</summary>
    public string ConnectionString => string.Join(',', Servers.Select(server => server.Address));

    /// <summary>Starts the three and returns when a leader was elected and all of them serve.</summary>
    public static async Task<ZooKeeperEnsemble> StartNewAsync(bool netty = false, string[]? settings = null, string[]? javaOptions = null)
    {
        Require.ZooKeeper();
        var quorum = Enumerable.Range(1, 3)
            .Select(id => string.Create(CultureInfo.InvariantCulture, $"server.{id}=127.0.0.1:{Ports.Free()}:{Ports.Free()}"))
            .ToArray();
        var servers = Enumerable.Range(1, 3)
            .Select(id => new ZooKeeperProcess([.. quorum, .. settings ?? []], netty, id) { JavaOptions = javaOptions ?? [] })
            .ToArray();
        var ensemble = new ZooKeeperEnsemble(servers);
        await ensemble.StartAllAsync();
        return ensemble;
    }

    /// <summary>Starts those that do not run.</summary>
    public async Task StartAllAsync()
    {
        foreach (var server in Servers)
        {
            server.Launch();
        }

        await Task.WhenAll(Servers.Select(server => server.StartAsync()));
    }

    /// <summary>kill -9 for all.</summary>
    public void KillAll()
    {
        foreach (var server in Servers)
        {
            server.Kill();
        }
    }

    /// <summary>The server that leads now.</summary>
    public Task<ZooKeeperProcess> LeaderAsync() => FindAsync("Mode: leader");

    /// <summary>A server that follows now.</summary>
    public Task<ZooKeeperProcess> FollowerAsync() => FindAsync("Mode: follower");

    public async ValueTask DisposeAsync()
    {
        foreach (var server in Servers)
        {
            await server.DisposeAsync();
        }
    }

    private async Task<ZooKeeperProcess> FindAsync(string mode)
    {
        ZooKeeperProcess? found = null;
        await Eventually.BecomesTrueAsync(
            async () =>
            {
                foreach (var server in Servers.Where(server => server.IsRunning))
                {
                    if (await SaysAsync(server, mode))
                    {
                        found = server;
                        return true;
                    }
                }

                return false;
            },
            mode,
            TimeSpan.FromMinutes(1));
        return found!;
    }

    // One that is held up, or in the middle of an election, is asked again.
    private static async Task<bool> SaysAsync(ZooKeeperProcess server, string mode)
    {
        using var limit = new CancellationTokenSource(TimeSpan.FromSeconds(5));
        try
        {
            return (await server.AskAsync("srvr", limit.Token)).Contains(mode, StringComparison.Ordinal);
        }
        catch (Exception e) when (e is SocketException or IOException or OperationCanceledException)
        {
            return false;
        }
    }
}
