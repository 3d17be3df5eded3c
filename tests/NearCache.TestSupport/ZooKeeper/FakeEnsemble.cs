namespace NearCache.TestSupport.ZooKeeper;

/// <summary>Several fake servers of one ensemble. Each of them can lag, hang or stop.</summary>
public sealed class FakeEnsemble : IAsyncDisposable
{
    private FakeEnsemble(FakeZooKeeper[] servers) => Servers = servers;

    public IReadOnlyList<FakeZooKeeper> Servers { get; }

    /// <summary>Gets the addresses of all servers.</summary>
    public string ConnectionString => string.Join(',', Servers.Select(server => server.ConnectionString));

    public static FakeEnsemble Start(int servers = 3, TimeProvider? time = null)
    {
        var quorum = new FakeQuorum(time ?? TimeProvider.System);
        return new FakeEnsemble([.. Enumerable.Range(0, servers).Select(_ => new FakeZooKeeper(quorum))]);
    }

    /// <summary>Deletes all data and restarts the servers, as an administrator may: sessions, nodes and zxids start over.</summary>
    public void Wipe()
    {
        lock (Servers[0].Quorum.Gate)
        {
            Servers[0].Quorum.Wipe();
        }
    }

    /// <summary>Returns the server that holds the connection of a session.</summary>
    public FakeZooKeeper? ServerOf(long session) => Servers.FirstOrDefault(server => server.Holds(session));

    public async ValueTask DisposeAsync()
    {
        foreach (var server in Servers)
        {
            await server.DisposeAsync();
        }
    }
}
