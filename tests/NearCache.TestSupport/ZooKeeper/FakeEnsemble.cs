namespace NearCache.TestSupport.ZooKeeper;

/// <summary>Several fake servers that agree, each of which may lag behind, hang, or be gone.</summary>
public sealed class FakeEnsemble : IAsyncDisposable
{
    private FakeEnsemble(FakeZooKeeper[] servers) => Servers = servers;

    public IReadOnlyList<FakeZooKeeper> Servers { get; }

    /// <summary>All servers.</summary>
    public string ConnectionString => string.Join(',', Servers.Select(server => server.ConnectionString));

    public static FakeEnsemble Start(int servers = 3, TimeProvider? time = null)
    {
        var quorum = new FakeQuorum(time ?? TimeProvider.System);
        return new FakeEnsemble([.. Enumerable.Range(0, servers).Select(_ => new FakeZooKeeper(quorum))]);
    }

    /// <summary>
    /// An administrator deletes all data and starts the servers again: sessions, nodes and the numbers of transactions are gone.
    /// </summary>
    public void Wipe()
    {
        lock (Servers[0].Quorum.Gate)
        {
            Servers[0].Quorum.Wipe();
        }
    }

    /// <summary>The server that holds a session's connection now.</summary>
    public FakeZooKeeper? ServerOf(long session) => Servers.FirstOrDefault(server => server.Holds(session));

    public async ValueTask DisposeAsync()
    {
        foreach (var server in Servers)
        {
            await server.DisposeAsync();
        }
    }
}
