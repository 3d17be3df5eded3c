using System.Buffers.Binary;
using System.Globalization;
using System.Security.Cryptography;
using System.Text;

namespace NearCache.Memcached.Topology;

/// <summary>The ring of libmemcached's <c>MEMCACHED_DISTRIBUTION_CONSISTENT_KETAMA</c> with MD5, for servers of equal weight.</summary>
/// <remarks>
/// 100 points a server, one MD5 each: its first four bytes, little endian, of <c>host-i</c>, or <c>host:port-i</c> when the port is not 11211. A key belongs to the first
/// point at or after its own hash, and after the last point to the first. Of two equal points the server that is named first counts.
/// Source: libmemcached 1.1.4, src/libmemcached/hosts.cc (update_continuum) and hash.cc (dispatch_host).
/// </remarks>
public sealed class KetamaLocator : IServerLocator
{
    private const int PointsPerServer = 100;
    private readonly uint[] _points;
    private readonly int[] _owners;

    /// <summary>Makes the ring.</summary>
    /// <exception cref="ArgumentException">There is no server, or a weight that is not 1.</exception>
    public KetamaLocator(IReadOnlyList<RingServer> servers)
    {
        ArgumentNullException.ThrowIfNull(servers);
        if (servers.Count == 0 || servers.Any(server => server.Weight != 1))
        {
            throw new ArgumentException("This ring is made of at least one server, and of servers of weight 1.", nameof(servers));
        }

        var ring = servers
            .SelectMany((server, index) => Enumerable.Range(0, PointsPerServer).Select(point => (Point: Hash(Encoding.UTF8.GetBytes(Label(server, point))), Owner: index)))
            .OrderBy(entry => entry.Point)
            .ThenBy(entry => entry.Owner)
            .ToArray();
        _points = [.. ring.Select(entry => entry.Point)];
        _owners = [.. ring.Select(entry => entry.Owner)];
    }

    /// <inheritdoc/>
    public int Locate(ReadOnlySpan<byte> key)
    {
        var hash = Hash(key);
        int low = 0, high = _points.Length;
        while (low < high)
        {
            var middle = (low + high) >>> 1;
            if (_points[middle] < hash)
            {
                low = middle + 1;
            }
            else
            {
                high = middle;
            }
        }

        return _owners[low == _points.Length ? 0 : low];
    }

    private static string Label(RingServer server, int point) => server.Port is 11211 or 0
        ? string.Create(CultureInfo.InvariantCulture, $"{server.Host}-{point}")
        : string.Create(CultureInfo.InvariantCulture, $"{server.Host}:{server.Port}-{point}");

    private static uint Hash(ReadOnlySpan<byte> bytes)
    {
        Span<byte> digest = stackalloc byte[MD5.HashSizeInBytes];
#pragma warning disable CA5351 // Not for secrecy: the ring's definition says MD5.
        MD5.HashData(bytes, digest);
#pragma warning restore CA5351
        return BinaryPrimitives.ReadUInt32LittleEndian(digest);
    }
}
