using System.Collections;
using NearCache.Memcached.Topology;

namespace NearCache.Memcached;

/// <summary>
/// An immutable list of a client's servers, which also determines which server owns a key. <see cref="MemcachedClient.SetServersAsync"/>
/// replaces it by another list.
/// </summary>
public sealed class MemcachedServerList : IReadOnlyList<MemcachedServer>
{
    private readonly MemcachedServer[] _servers;
    private readonly IServerLocator _locator;

    internal MemcachedServerList(MemcachedServer[] servers, IServerLocator locator, string placement) =>
        (_servers, _locator, Placement) = (servers, locator, placement);

    /// <summary>
    /// Gets a text that represents everything that determines the server of a key: the distribution and the names and weights of the
    /// servers, sorted unless their order matters. Clients with equal texts look for a key on the same server.
    /// </summary>
    public string Placement { get; }

    /// <inheritdoc/>
    public int Count => _servers.Length;

    /// <inheritdoc/>
    public MemcachedServer this[int index] => _servers[index];

    /// <summary>Returns the index of the server that owns a key.</summary>
    public int IndexOf(ReadOnlySpan<byte> key) => _servers.Length == 1 ? 0 : _locator.Locate(key);

    /// <summary>Returns the server that owns a key.</summary>
    public MemcachedServer ServerFor(ReadOnlySpan<byte> key) => _servers[IndexOf(key)];

    /// <inheritdoc/>
    public IEnumerator<MemcachedServer> GetEnumerator() => _servers.AsEnumerable().GetEnumerator();

    /// <inheritdoc/>
    IEnumerator IEnumerable.GetEnumerator() => GetEnumerator();
}
