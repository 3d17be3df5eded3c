namespace NearCache.Memcached.Topology;

/// <summary>
/// Locates a key by its hash modulo the number of servers: libmemcached's <c>MEMCACHED_DISTRIBUTION_MODULA</c> with its default hash,
/// one-at-a-time.
/// </summary>
/// <remarks>
/// The order of the servers matters, and most keys move when a server is added or removed. Source: libmemcached 1.1.4,
/// src/libmemcached/hash.cc (dispatch_host).
/// </remarks>
internal sealed class ModuloLocator : IServerLocator
{
    private readonly uint _servers;

    /// <summary>Initializes the locator.</summary>
    /// <exception cref="ArgumentException">There is no server, or a weight is not 1.</exception>
    public ModuloLocator(IReadOnlyList<WeightedServer> servers)
    {
        WeightedServer.Check(servers, supportsWeights: false);
        _servers = (uint)servers.Count;
    }

    /// <inheritdoc/>
    public int Locate(ReadOnlySpan<byte> key) => (int)(KeyHashes.OneAtATime(key) % _servers);
}
