namespace NearCache.Memcached.Topology;

/// <summary>
/// The hash of the key modulo the number of servers: libmemcached's <c>MEMCACHED_DISTRIBUTION_MODULA</c> with its default hash,
/// one-at-a-time.
/// </summary>
/// <remarks>
/// The order of the servers counts, and adding or removing one moves most keys. Source: libmemcached 1.1.4, src/libmemcached/hash.cc
/// (dispatch_host).
/// </remarks>
internal sealed class ModuloLocator : IServerLocator
{
    private readonly uint _servers;

    /// <summary>Counts the servers.</summary>
    /// <exception cref="ArgumentException">There is no server, or a weight that is not 1.</exception>
    public ModuloLocator(IReadOnlyList<WeightedServer> servers)
    {
        WeightedServer.Check(servers, supportsWeights: false);
        _servers = (uint)servers.Count;
    }

    /// <inheritdoc/>
    public int Locate(ReadOnlySpan<byte> key) => (int)(KeyHashes.OneAtATime(key) % _servers);
}
