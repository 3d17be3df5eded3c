namespace NearCache.Coherence.Core;

/// <summary>
/// The hash of a key, equal in all processes of a fleet. It selects the segment of the key. Servers are identified by the same hash of
/// their names.
/// </summary>
/// <remarks>
/// FNV-1a, 64 bits (http://www.isthe.com/chongo/tech/comp/fnv/), then the 64-bit finalizer of MurmurHash3, because the low bits of FNV
/// alone are weak. Documented with test vectors in docs/formats.md; a change is a new format.
/// </remarks>
internal readonly record struct KeyHash(ulong Value)
{
    /// <summary>The number of segments of a server.</summary>
    public const int Segments = 64;

    private const ulong OffsetBasis = 14695981039346656037;
    private const ulong Prime = 1099511628211;

    /// <summary>Gets the segment, 0 to 63.</summary>
    public int Segment => (int)(Value % Segments);

    /// <summary>Returns the stripe, one of <paramref name="count"/>. Independent of the segment.</summary>
    public int Stripe(int count) => (int)((Value / Segments) % (ulong)count);

    /// <summary>Hashes a key: UTF-8 as the application names it, without a prefix.</summary>
    public static KeyHash Of(ReadOnlySpan<byte> key)
    {
        var hash = OffsetBasis;
        foreach (var octet in key)
        {
            hash = (hash ^ octet) * Prime;
        }

        hash ^= hash >> 33;
        hash *= 0xff51afd7ed558ccd;
        hash ^= hash >> 33;
        hash *= 0xc4ceb9fe1a85ec53;
        return new KeyHash(hash ^ (hash >> 33));
    }
}
