using System.Globalization;
using System.Text;

namespace NearCache.Memcached.Topology;

/// <summary>The ring of EnyimMemcachedCore's <c>DefaultNodeLocator</c>, so that its caches stay warm.</summary>
/// <remarks>
/// 100 points a server: FNV-1a with 32 bits of <c>i-address:port</c>. A key belongs to the first point at or after its own hash, but a hash
/// before the first point to the last, and one after the last to the first. Of two equal points the server that is named last counts.
/// EnyimMemcachedCore looks names up before it makes the ring: name the servers here by the IPv4 addresses that it found.
/// </remarks>
internal sealed class EnyimLocator : IServerLocator
{
    private const int PointsPerServer = 100;
    private readonly HashRing _ring;

    /// <summary>Makes the ring.</summary>
    /// <exception cref="ArgumentException">There is no server, or a weight that is not 1.</exception>
    public EnyimLocator(IReadOnlyList<WeightedServer> servers)
    {
        WeightedServer.Check(servers, supportsWeights: false);

        // Backwards, so that the last of equal points comes first.
        _ring = new HashRing(
            servers.SelectMany((server, index) => Enumerable.Range(0, PointsPerServer).Select(i => (Point(server, i), index))).Reverse());
    }

    /// <inheritdoc/>
    public int Locate(ReadOnlySpan<byte> key)
    {
        var hash = KeyHashes.Fnv1a(key);
        var point = _ring.AtOrAfter(hash);
        var isBeforeFirst = point == 0 && !_ring.IsAt(0, hash);
        return _ring.OwnerOf(isBeforeFirst ? _ring.Count - 1 : point == _ring.Count ? 0 : point);
    }

    private static uint Point(WeightedServer server, int i)
    {
        var host = server.Host.Contains(':', StringComparison.Ordinal) ? $"[{server.Host}]" : server.Host;
        return KeyHashes.Fnv1a(Encoding.UTF8.GetBytes(string.Create(CultureInfo.InvariantCulture, $"{i}-{host}:{server.Port}")));
    }
}
