using System.Buffers;
using System.Text;

namespace NearCache.Memcached.Protocol;

/// <summary>
/// Validates and encodes keys. Keys are validated before a byte is sent: memcached would parse the value of a rejected key as commands.
/// </summary>
// https://github.com/memcached/memcached/blob/master/doc/protocol.txt, "Keys"
internal static class MemcachedKey
{
    /// <summary>The maximum length of a key on the wire, in bytes.</summary>
    public const int MaxLength = 250;

    /// <summary>The maximum length of a binary key in bytes, which is 248 characters of base64.</summary>
    public const int MaxBinaryLength = 186;

    // Does not replace half of a surrogate pair: two keys would become one.
    private static readonly UTF8Encoding Strict = new(encoderShouldEmitUTF8Identifier: false, throwOnInvalidBytes: true);

    private static readonly SearchValues<byte> Illegal =
        SearchValues.Create([.. Enumerable.Range(0, 0x21).Select(value => (byte)value), 0x7f]);

    /// <summary>
    /// Encodes a key as UTF-8 into <paramref name="buffer"/>, which must hold <see cref="MaxLength"/> bytes, and returns its length.
    /// </summary>
    /// <exception cref="ArgumentException">
    /// The key is empty, too long, or contains a space, a control character or half of a surrogate pair.
    /// </exception>
    public static int Encode(string key, Span<byte> buffer)
    {
        ArgumentNullException.ThrowIfNull(key);
        int length;
        try
        {
            if (!Strict.TryGetBytes(key, buffer[..MaxLength], out length))
            {
                throw new ArgumentException(
                    $"A key has at most {MaxLength} bytes in UTF-8; this one has {Encoding.UTF8.GetByteCount(key)}.", nameof(key));
            }
        }
        catch (EncoderFallbackException e)
        {
            throw new ArgumentException(
                $"A key must not contain half of a surrogate pair, which has no UTF-8 encoding; this one does, at position {e.Index}. "
                    + "It may have been truncated within a character.",
                nameof(key),
                e);
        }

        Check(buffer[..length], isBinary: false);
        return length;
    }

    /// <summary>Encodes a key as UTF-8 into a new array.</summary>
    /// <exception cref="ArgumentException">
    /// The key is empty, too long, or contains a space, a control character or half of a surrogate pair.
    /// </exception>
    public static byte[] Encode(string key)
    {
        Span<byte> buffer = stackalloc byte[MaxLength];
        return buffer[..Encode(key, buffer)].ToArray();
    }

    /// <summary>Throws unless the bytes are a valid key.</summary>
    /// <exception cref="ArgumentException">The key is empty, too long, or (unless <paramref name="isBinary"/>) contains a space or a
    /// control character.</exception>
    public static void Check(ReadOnlySpan<byte> key, bool isBinary)
    {
        var most = isBinary ? MaxBinaryLength : MaxLength;
        if (key.IsEmpty)
        {
            throw new ArgumentException("A key has at least one byte.", nameof(key));
        }

        if (key.Length > most)
        {
            throw new ArgumentException(
                $"A key has at most {most} bytes{(isBinary ? " when it is binary" : "")}; this one has {key.Length}.", nameof(key));
        }

        if (!isBinary && key.ContainsAny(Illegal))
        {
            throw new ArgumentException("A key has no space and no control character; use a binary key for any bytes.", nameof(key));
        }
    }
}
