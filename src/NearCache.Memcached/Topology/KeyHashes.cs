using System.Buffers.Binary;
using System.Security.Cryptography;

namespace NearCache.Memcached.Topology;

/// <summary>
/// The hash functions that memcached clients use to distribute keys. Each is part of the definition of a ring and must not change.
/// </summary>
internal static class KeyHashes
{
    /// <summary>Returns the first four bytes of MD5, little endian: libmemcached's HASHKIT_MD5.</summary>
    public static uint Md5(ReadOnlySpan<byte> bytes)
    {
        Span<byte> digest = stackalloc byte[MD5.HashSizeInBytes];
        Md5(bytes, digest);
        return BinaryPrimitives.ReadUInt32LittleEndian(digest);
    }

    /// <summary>Computes all sixteen bytes of MD5.</summary>
    public static void Md5(ReadOnlySpan<byte> bytes, Span<byte> digest)
    {
#pragma warning disable CA5351 // Not for secrecy: the ring is defined with MD5.
        MD5.HashData(bytes, digest);
#pragma warning restore CA5351
    }

    /// <summary>
    /// Returns Bob Jenkins' one-at-a-time hash as libhashkit computes it, with signed bytes: HASHKIT_ONE_AT_A_TIME, its default.
    /// </summary>
    public static uint OneAtATime(ReadOnlySpan<byte> bytes)
    {
        var hash = 0u;
        foreach (var value in bytes)
        {
            hash += unchecked((uint)(sbyte)value);
            hash += hash << 10;
            hash ^= hash >> 6;
        }

        hash += hash << 3;
        hash ^= hash >> 11;
        return hash + (hash << 15);
    }

    /// <summary>Returns the 32-bit FNV-1a hash, which EnyimMemcachedCore uses.</summary>
    public static uint Fnv1a(ReadOnlySpan<byte> bytes)
    {
        var hash = 2166136261u;
        foreach (var value in bytes)
        {
            hash = (hash ^ value) * 16777619u;
        }

        return hash;
    }

    /// <summary>Returns the 64-bit FNV-1a hash with the finalizer of MurmurHash3; see docs/formats.md, "Hashes".</summary>
    public static ulong Fnv1aMixed(ReadOnlySpan<byte> bytes)
    {
        var hash = 14695981039346656037ul;
        foreach (var value in bytes)
        {
            hash = (hash ^ value) * 1099511628211ul;
        }

        return Mix(hash);
    }

    /// <summary>Returns the hash after the finalizer of MurmurHash3.</summary>
    public static ulong Mix(ulong hash)
    {
        hash = (hash ^ (hash >> 33)) * 0xff51afd7ed558ccdul;
        hash = (hash ^ (hash >> 33)) * 0xc4ceb9fe1a85ec53ul;
        return hash ^ (hash >> 33);
    }
}
