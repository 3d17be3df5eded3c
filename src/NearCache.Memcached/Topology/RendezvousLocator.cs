using System.Globalization;
using System.Text;

namespace NearCache.Memcached.Topology;

/// <summary>
/// Each server draws a number for the key, and the highest has it: keys are spread evenly, by weight, and only those of a server that comes
/// or goes move.
/// </summary>
/// <remarks>
/// A server draws as many times as its weight says; draw i is the finalizer of MurmurHash3 over (hash of the key XOR hash of
/// <c>host:port#i</c>), both hashes FNV-1a with 64 bits and that finalizer. All in whole numbers, so that every machine agrees. Of equal
/// draws the server that is named first counts. The time to find a key's server grows with the sum of the weights.
/// </remarks>
internal sealed class RendezvousLocator : IServerLocator
{
    private readonly ulong[] _draws;
    private readonly int[] _owners;

    /// <summary>Hashes the servers.</summary>
    /// <exception cref="ArgumentException">There is no server, or a weight below 1.</exception>
    public RendezvousLocator(IReadOnlyList<WeightedServer> servers)
    {
        WeightedServer.Check(servers, supportsWeights: true);
        var draws = servers.SelectMany(
            (server, index) => Enumerable.Range(0, server.Weight).Select(draw => (Hash: Hash(server, draw), Owner: index))).ToArray();
        _draws = [.. draws.Select(draw => draw.Hash)];
        _owners = [.. draws.Select(draw => draw.Owner)];
    }

    /// <inheritdoc/>
    public int Locate(ReadOnlySpan<byte> key)
    {
        var hash = KeyHashes.Fnv1aMixed(key);
        var (best, owner) = (KeyHashes.Mix(hash ^ _draws[0]), 0);
        for (var i = 1; i < _draws.Length; i++)
        {
            var draw = KeyHashes.Mix(hash ^ _draws[i]);
            (best, owner) = draw > best ? (draw, i) : (best, owner);
        }

        return _owners[owner];
    }

    private static ulong Hash(WeightedServer server, int draw) =>
        KeyHashes.Fnv1aMixed(Encoding.UTF8.GetBytes(string.Create(CultureInfo.InvariantCulture, $"{server.Host}:{server.Port}#{draw}")));
}
