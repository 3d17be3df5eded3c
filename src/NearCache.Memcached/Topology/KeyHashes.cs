using System.Buffers.Binary;
using System.Security.Cryptography;

namespace NearCache.Memcached.Topology;

/// <summary>
/// The hashes by which clients of memcached spread keys. Each is part of somebody's definition of a ring: none may change.
/// </summary>
internal static class KeyHashes
{
    /// <summary>The first four bytes of MD5, little endian: libmemcached's HASHKIT_MD5.</summary>
    public static uint Md5(ReadOnlySpan<byte> bytes)
    {
        Span<byte> digest = stackalloc byte[MD5.HashSizeInBytes];
        Md5(bytes, digest);
        return BinaryPrimitives.ReadUInt32LittleEndian(digest);
    }

    /// <summary>All sixteen bytes of MD5.</summary>
    public static void Md5(ReadOnlySpan<byte> bytes, Span<byte> digest)
    {
#pragma warning disable CA5351 // Not for secrecy: the ring's definition says MD5.
        MD5.HashData(bytes, digest);
#pragma warning restore CA5351
    }

    /// <summary>
    /// Bob Jenkins' one-at-a-time as libhashkit has it, which takes bytes for signed numbers: HASHKIT_ONE_AT_A_TIME, its default.
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

    /// <summary>FNV-1a with 32 bits: EnyimMemcachedCore's.</summary>
    public static uint Fnv1a(ReadOnlySpan<byte> bytes)
    {
        var hash = 2166136261u;
        foreach (var value in bytes)
        {
            hash = (hash ^ value) * 16777619u;
        }

        return hash;
    }

    /// <summary>FNV-1a with 64 bits and the finalizer of MurmurHash3, as docs/formats.md has it under "Hashes".</summary>
    public static ulong Fnv1aMixed(ReadOnlySpan<byte> bytes)
    {
        var hash = 14695981039346656037ul;
        foreach (var value in bytes)
        {
            hash = (hash ^ value) * 1099511628211ul;
        }

        return Mix(hash);
    }

    /// <summary>The finalizer of MurmurHash3.</summary>
    public static ulong Mix(ulong hash)
    {
        hash = (hash ^ (hash >> 33)) * 0xff51afd7ed558ccdul;
        hash = (hash ^ (hash >> 33)) * 0xc4ceb9fe1a85ec53ul;
        return hash ^ (hash >> 33);
    }
}
