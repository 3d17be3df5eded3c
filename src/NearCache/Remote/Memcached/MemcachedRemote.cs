using NearCache.Memcached;

namespace NearCache.Remote.Memcached;

/// <summary>memcached as the remote tier, with the server list of the client at creation.</summary>
internal sealed class MemcachedRemote : IChangingRemote
{
    private readonly ClientPool<MemcachedOptions, MemcachedClient> _pool;
    private readonly MemcachedOptions _options;
    private readonly RentedClient<MemcachedClient> _client;
    private readonly MemcachedServerList _list;
    private readonly MemcachedRemoteServer[] _servers;

    /// <param name="pool">Provides the client.</param>
    /// <param name="options">The servers and connection settings.</param>
    public MemcachedRemote(ClientPool<MemcachedOptions, MemcachedClient> pool, MemcachedOptions options)
        : this(pool, options, pool.Rent(options), [])
    {
    }

    private MemcachedRemote(
        ClientPool<MemcachedOptions, MemcachedClient> pool,
        MemcachedOptions options,
        RentedClient<MemcachedClient> client,
        MemcachedRemoteServer[] before)
    {
        (_pool, _options, _client, _list) = (pool, options, client, client.Client.Servers);
        _servers = [.. _list.Select(server => Array.Find(before, known => known.IsFor(server)) ?? new MemcachedRemoteServer(server))];
    }

    public IReadOnlyList<IRemoteServer> Servers => _servers;

    public bool IsEmbedded => false;

    public string Placement => _list.Placement;

    public IReadOnlyList<MemcachedConnectionInfo> Connections => _client.Client.Connections;

    public int IndexOf(ReadOnlySpan<byte> key) => _list.IndexOf(key);

    public (IChangingRemote Next, Task Retired) Change(IEnumerable<string> servers)
    {
        var options = MemcachedSettings.With(_options, servers);
        var retired = Task.CompletedTask;
        if (_pool.TryChange(_client, options, client => retired = client.SetServersAsync(options.Servers)))
        {
            return (new MemcachedRemote(_pool, options, _client, _servers), retired);
        }

        // Another cache keeps the old list, or already uses the new one.
        var next = new MemcachedRemote(_pool, options);
        return (next, _client.DisposeAsync().AsTask());
    }

    public ValueTask DisposeAsync() => _client.DisposeAsync();

    public void Dispose() => _client.Dispose();
}
