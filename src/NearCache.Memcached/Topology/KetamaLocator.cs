using System.Buffers.Binary;
using System.Globalization;
using System.Security.Cryptography;
using System.Text;

namespace NearCache.Memcached.Topology;

/// <summary>The hash rings of libmemcached's <c>MEMCACHED_DISTRIBUTION_CONSISTENT_KETAMA</c>.</summary>
/// <remarks>
/// The points of a server are the hashes of <c>host-i</c>, or of <c>host:port-i</c> if the port is not 11211
/// (<see cref="KetamaVariant.Spy"/>: always <c>/host:port-i</c>). A key belongs to the first point at or after its hash; after the last
/// point, to the first. Of equal points, the one of the first server counts. Source: libmemcached 1.1.4, src/libmemcached/hosts.cc
/// (update_continuum) and hash.cc (dispatch_host).
/// </remarks>
internal sealed class KetamaLocator : IServerLocator
{
    private const int PointsPerServer = 100;
    private const int WeightedPointsPerServer = 160;
    private const int PointsPerDigest = 4;
    private readonly HashRing _ring;
    private readonly bool _isOneAtATime;

    /// <summary>Builds the ring.</summary>
    /// <exception cref="ArgumentException">There is no server, or weights differ and the variant does not support them.</exception>
    public KetamaLocator(IReadOnlyList<WeightedServer> servers, KetamaVariant variant = KetamaVariant.Md5)
    {
        WeightedServer.Check(servers, supportsWeights: variant == KetamaVariant.Weighted);
        _isOneAtATime = variant == KetamaVariant.OneAtATime;
        _ring = new HashRing(variant == KetamaVariant.Weighted
            ? servers.SelectMany((server, index) => WeightedPoints(server, servers).Select(point => (point, index)))
            : servers.SelectMany(
                (server, index) =>
                    Enumerable.Range(0, PointsPerServer).Select(i => (Hash(Encoding.UTF8.GetBytes(Label(server, i, variant))), index))));
    }

    /// <inheritdoc/>
    public int Locate(ReadOnlySpan<byte> key)
    {
        var point = _ring.AtOrAfter(Hash(key));
        return _ring.OwnerOf(point == _ring.Count ? 0 : point);
    }

    private static IEnumerable<uint> WeightedPoints(WeightedServer server, IReadOnlyList<WeightedServer> servers)
    {
        // Single precision, as in libmemcached: another rounding would yield other points.
        var share = (float)server.Weight / servers.Sum(other => other.Weight);
        var digests = (int)MathF.Floor((float)((share * WeightedPointsPerServer / PointsPerDigest * servers.Count) + 0.0000000001));
        var digest = new byte[MD5.HashSizeInBytes];
        for (var i = 0; i < digests; i++)
        {
            KeyHashes.Md5(Encoding.UTF8.GetBytes(Label(server, i, KetamaVariant.Weighted)), digest);
            for (var part = 0; part < PointsPerDigest; part++)
            {
                yield return BinaryPrimitives.ReadUInt32LittleEndian(digest.AsSpan(part * sizeof(uint)));
            }
        }
    }

    private static string Label(WeightedServer server, int point, KetamaVariant variant) =>
        variant == KetamaVariant.Spy ? string.Create(CultureInfo.InvariantCulture, $"/{server.Host}:{server.Port}-{point}")
        : server.Port is 11211 or 0 ? string.Create(CultureInfo.InvariantCulture, $"{server.Host}-{point}")
        : string.Create(CultureInfo.InvariantCulture, $"{server.Host}:{server.Port}-{point}");

    private uint Hash(ReadOnlySpan<byte> bytes) => _isOneAtATime ? KeyHashes.OneAtATime(bytes) : KeyHashes.Md5(bytes);
}

/// <summary>Specifies how a ketama ring is built; libmemcached has all four variants.</summary>
internal enum KetamaVariant
{
    /// <summary>MD5, 100 points per server regardless of its weight: <c>CONSISTENT_KETAMA</c> with the hash MD5.</summary>
    Md5,

    /// <summary>
    /// MD5, 160 points for a server of average weight, four per digest: <c>CONSISTENT_KETAMA</c> with <c>KETAMA_WEIGHTED</c>.
    /// </summary>
    Weighted,

    /// <summary>
    /// MD5, 100 points per server, labeled as spymemcached labels servers without a host name: <c>CONSISTENT_KETAMA_SPY</c>.
    /// </summary>
    Spy,

    /// <summary>
    /// Bob Jenkins' one-at-a-time hash, 100 points per server: <c>CONSISTENT_KETAMA</c> with libmemcached's default hash.
    /// </summary>
    OneAtATime,
}
