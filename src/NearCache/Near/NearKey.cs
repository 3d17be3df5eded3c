using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;

namespace NearCache.Near;

/// <summary>A key to find in the <see cref="NearMap"/>: its first two characters, and the rest.</summary>
/// <remarks>
/// The prefix of an adapter has two characters. Keeping them apart spares an adapter the concatenation of prefix and key, a considerable
/// part of the cost of a hit.
/// </remarks>
internal readonly ref struct NearKey
{
    private const int HeadLength = 2;

    private readonly uint _head;
    private readonly int _length;
    private readonly ReadOnlySpan<char> _rest;

    /// <summary>Creates it from a whole key.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public NearKey(ReadOnlySpan<char> key)
    {
        _length = key.Length;
        if (key.Length >= HeadLength)
        {
            _head = HeadOf(key);
            _rest = key[HeadLength..];
        }
        else
        {
            _head = key.IsEmpty ? 0u : key[0];
        }
    }

    /// <summary>Creates it from a prefix of exactly two characters and the key behind it.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public NearKey(string prefix, ReadOnlySpan<char> key)
    {
        _head = HeadOf(prefix);
        _rest = key;
        _length = HeadLength + key.Length;
    }

    /// <summary>Gets the hash.</summary>
    public uint Hash
    {
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        get => NearKeyHasher.Hash(_head, _rest);
    }

    /// <summary>Returns whether a string is this key.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public bool Is(string key)
    {
        if (key.Length != _length)
        {
            return false;
        }

        return _length >= HeadLength
            ? HeadOf(key) == _head && _rest.SequenceEqual(key.AsSpan(HeadLength))
            : _length == 0 || key[0] == _head;
    }

    private static uint HeadOf(ReadOnlySpan<char> key) =>
        Unsafe.ReadUnaligned<uint>(ref Unsafe.As<char, byte>(ref MemoryMarshal.GetReference(key)));
}
