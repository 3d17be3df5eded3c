using System.Collections.Frozen;
using NearCache.Memcached;

namespace NearCache.Remote;

/// <summary>memcached as the remote tier.</summary>
internal sealed class MemcachedRemote : IRemote
{
    private readonly MemcachedClient _client;
    private readonly FrozenDictionary<MemcachedServer, int> _indices;

    /// <param name="client">Owned from now on.</param>
    public MemcachedRemote(MemcachedClient client)
    {
        _client = client;
        Servers = [.. client.Servers.Select(server => new MemcachedRemoteServer(server))];
        _indices = client.Servers.Select((server, index) => KeyValuePair.Create(server, index)).ToFrozenDictionary();
    }

    public IReadOnlyList<IRemoteServer> Servers { get; }

    public bool IsEmbedded => false;

    public int IndexOf(ReadOnlySpan<byte> key) => Servers.Count == 1 ? 0 : _indices[_client.ServerFor(key)];

    public ValueTask DisposeAsync() => _client.DisposeAsync();
}
