using System.Buffers.Binary;
using System.Numerics;

namespace NearCache.Remote.Embedded;

/// <summary>Compares keys by their bytes.</summary>
internal sealed class KeyComparer : IEqualityComparer<byte[]>, IAlternateEqualityComparer<ReadOnlySpan<byte>, byte[]>
{
    // 2^64 divided by the golden ratio: spreads similar keys.
    private const ulong Multiplier = 0x9E3779B97F4A7C15;

    public static readonly KeyComparer Instance = new();

    public byte[] Create(ReadOnlySpan<byte> alternate) => alternate.ToArray();

    public bool Equals(byte[]? x, byte[]? y) => x.AsSpan().SequenceEqual(y);

    public bool Equals(ReadOnlySpan<byte> alternate, byte[] other) => alternate.SequenceEqual(other);

    public int GetHashCode(byte[] obj) => GetHashCode(obj.AsSpan());

    public int GetHashCode(ReadOnlySpan<byte> alternate)
    {
        // Eight bytes at a time; the last eight may overlap the previous ones.
        if (alternate.Length < sizeof(ulong))
        {
            var few = 0ul;
            foreach (var octet in alternate)
            {
                few = (few << 8) | octet;
            }

            return Mix(few, (ulong)alternate.Length);
        }

        var hash = (ulong)alternate.Length;
        for (var rest = alternate; rest.Length > sizeof(ulong); rest = rest[sizeof(ulong)..])
        {
            hash = (BitOperations.RotateLeft(hash, 23) ^ BinaryPrimitives.ReadUInt64LittleEndian(rest)) * Multiplier;
        }

        return Mix(hash, BinaryPrimitives.ReadUInt64LittleEndian(alternate[^sizeof(ulong)..]));
    }

    private static int Mix(ulong hash, ulong last)
    {
        hash = (BitOperations.RotateLeft(hash, 23) ^ last) * Multiplier;
        return (int)((hash >> 32) ^ (hash >> 13));
    }
}
