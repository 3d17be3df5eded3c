using System.Globalization;
using System.Text;

namespace NearCache.Memcached.Topology;

/// <summary>
/// Locates keys by rendezvous hashing: each server has a score for the key, and the highest score owns it. Keys are distributed evenly by
/// weight, and only the keys of an added or removed server move.
/// </summary>
/// <remarks>
/// A server has as many scores as its weight. Score i is the finalizer of MurmurHash3 over (hash of the key XOR hash of
/// <c>host:port#i</c>), where both hashes are 64-bit FNV-1a with that finalizer. All arithmetic uses integers, so that every machine
/// computes the same scores. Of equal scores, the first server counts. The time to locate a key grows with the sum of the weights.
/// </remarks>
internal sealed class RendezvousLocator : IServerLocator
{
    private readonly ulong[] _seeds;
    private readonly int[] _owners;

    /// <summary>Computes the hashes of the servers.</summary>
    /// <exception cref="ArgumentException">There is no server, or a weight is below 1.</exception>
    public RendezvousLocator(IReadOnlyList<WeightedServer> servers)
    {
        WeightedServer.Check(servers, supportsWeights: true);
        var seeds = servers.SelectMany(
            (server, index) => Enumerable.Range(0, server.Weight).Select(seed => (Hash: Hash(server, seed), Owner: index))).ToArray();
        _seeds = [.. seeds.Select(seed => seed.Hash)];
        _owners = [.. seeds.Select(seed => seed.Owner)];
    }

    /// <inheritdoc/>
    public int Locate(ReadOnlySpan<byte> key)
    {
        var hash = KeyHashes.Fnv1aMixed(key);
        var (best, owner) = (KeyHashes.Mix(hash ^ _seeds[0]), 0);
        for (var i = 1; i < _seeds.Length; i++)
        {
            var score = KeyHashes.Mix(hash ^ _seeds[i]);
            (best, owner) = score > best ? (score, i) : (best, owner);
        }

        return _owners[owner];
    }

    private static ulong Hash(WeightedServer server, int seed) =>
        KeyHashes.Fnv1aMixed(Encoding.UTF8.GetBytes(string.Create(CultureInfo.InvariantCulture, $"{server.Host}:{server.Port}#{seed}")));
}
