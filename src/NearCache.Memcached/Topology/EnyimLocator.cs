using System.Globalization;
using System.Text;

namespace NearCache.Memcached.Topology;

/// <summary>The hash ring of EnyimMemcachedCore's <c>DefaultNodeLocator</c>.</summary>
/// <remarks>
/// Each server has 100 points: the 32-bit FNV-1a hashes of <c>i-address:port</c>. A key belongs to the first point at or after its hash. A
/// hash before the first point belongs to the last point, and one after the last point to the first. Of equal points, the one of the last
/// server counts. EnyimMemcachedCore resolves names before it builds the ring: configure the servers by the IPv4 addresses that it uses.
/// </remarks>
internal sealed class EnyimLocator : IServerLocator
{
    private const int PointsPerServer = 100;
    private readonly HashRing _ring;

    /// <summary>Builds the ring.</summary>
    /// <exception cref="ArgumentException">There is no server, or a weight is not 1.</exception>
    public EnyimLocator(IReadOnlyList<WeightedServer> servers)
    {
        WeightedServer.Check(servers, supportsWeights: false);

        // Reversed, so that the last of equal points comes first.
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
