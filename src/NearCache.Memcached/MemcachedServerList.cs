using System.Collections;
using NearCache.Memcached.Topology;

namespace NearCache.Memcached;

/// <summary>
/// The servers of a client, and which of them owns a key. It never changes: after <see cref="MemcachedClient.SetServersAsync"/> the client
/// has another one.
/// </summary>
public sealed class MemcachedServerList : IReadOnlyList<MemcachedServer>
{
    private readonly MemcachedServer[] _servers;
    private readonly IServerLocator _locator;

    internal MemcachedServerList(MemcachedServer[] servers, IServerLocator locator, string placement) =>
        (_servers, _locator, Placement) = (servers, locator, placement);

    /// <summary>
    /// Everything that decides which server has a key: the names of the servers, sorted unless their order counts, with their weights,
    /// behind the distribution. Clients for which it is the same look for a key on the same server.
    /// </summary>
    public string Placement { get; }

    /// <inheritdoc/>
    public int Count => _servers.Length;

    /// <inheritdoc/>
    public MemcachedServer this[int index] => _servers[index];

    /// <summary>The index of the server that owns a key.</summary>
    public int IndexOf(ReadOnlySpan<byte> key) => _servers.Length == 1 ? 0 : _locator.Locate(key);

    /// <summary>The server that owns a key.</summary>
    public MemcachedServer ServerFor(ReadOnlySpan<byte> key) => _servers[IndexOf(key)];

    /// <inheritdoc/>
    public IEnumerator<MemcachedServer> GetEnumerator() => _servers.AsEnumerable().GetEnumerator();

    /// <inheritdoc/>
    IEnumerator IEnumerable.GetEnumerator() => GetEnumerator();
}
