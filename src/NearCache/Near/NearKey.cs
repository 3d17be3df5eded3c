using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;

namespace NearCache.Near;

/// <summary>A key to look up in the <see cref="NearMap"/>, divided into its first two characters and the rest.</summary>
/// <remarks>
/// The prefix of an adapter has two characters. So an adapter looks up a key without concatenating prefix and key, which would take a
/// considerable part of a hit.
/// </remarks>
internal readonly ref struct NearKey
{
    private const int HeadLength = 2;

    private readonly uint _head;
    private readonly int _length;
    private readonly ReadOnlySpan<char> _rest;

    /// <summary>Initializes a key without a separate prefix.</summary>
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

    /// <summary>Initializes a key behind a prefix of exactly two characters.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public NearKey(string prefix, ReadOnlySpan<char> key)
    {
        _head = HeadOf(prefix);
        _rest = key;
        _length = HeadLength + key.Length;
    }

    /// <summary>Gets the hash of the key.</summary>
    public uint Hash
    {
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        get => NearKeyHasher.Of(_head, _rest);
    }

    /// <summary>Returns whether a string equals this key.</summary>
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
