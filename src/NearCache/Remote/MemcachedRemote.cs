using NearCache.Memcached;

namespace NearCache.Remote;

/// <summary>memcached as the remote tier, with the list of servers that the client has when this is made.</summary>
internal sealed class MemcachedRemote : IChangingRemote
{
    private readonly MemcachedClient _client;
    private readonly MemcachedServerList _list;
    private readonly MemcachedRemoteServer[] _servers;

    /// <param name="client">Owned from now on.</param>
    public MemcachedRemote(MemcachedClient client)
        : this(client, [])
    {
    }

    private MemcachedRemote(MemcachedClient client, MemcachedRemoteServer[] before)
    {
        (_client, _list) = (client, client.Servers);
        _servers = [.. _list.Select(server => Array.Find(before, known => known.IsFor(server)) ?? new MemcachedRemoteServer(server))];
    }

    public IReadOnlyList<IRemoteServer> Servers => _servers;

    public bool IsEmbedded => false;

    public int IndexOf(ReadOnlySpan<byte> key) => _list.IndexOf(key);

    public (IChangingRemote Next, Task Retired) Change(IEnumerable<string> servers)
    {
        var retired = _client.SetServersAsync(servers);
        return (new MemcachedRemote(_client, _servers), retired);
    }

    public ValueTask DisposeAsync() => _client.DisposeAsync();
}
