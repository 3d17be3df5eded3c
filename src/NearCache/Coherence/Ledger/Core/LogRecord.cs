using System.Buffers.Binary;
using NearCache.Coherence.Core;

namespace NearCache.Coherence.Ledger.Core;

/// <summary>
/// The record that a writer stores on the server, for processes that miss the announcement: the key of mutation n, and its number in its
/// segment.
/// </summary>
/// <remarks>
/// One byte format (1), one byte segment, eight bytes m (big endian), then the key. The writer is not part of the value, since an older
/// process would take it for a part of the key; see <see cref="WriterId"/>. Documented with test vectors in docs/formats.md.
/// </remarks>
internal readonly record struct LogRecord(int Segment, long M, ReadOnlyMemory<byte> Key)
{
    private const byte Format = 1;
    private const int Header = 10;

    /// <summary>Gets the writer, by the client flags of the item.</summary>
    public WriterId Writer { get; init; }

    /// <summary>Returns the value to store.</summary>
    public byte[] Encode()
    {
        var value = new byte[Header + Key.Length];
        value[0] = Format;
        value[1] = (byte)Segment;
        BinaryPrimitives.WriteInt64BigEndian(value.AsSpan(2), M);
        Key.CopyTo(value.AsMemory(Header));
        return value;
    }

    /// <summary>Decodes a stored value. Returns false for another format or a broken value, which counts as missing.</summary>
    public static bool TryDecode(ReadOnlySpan<byte> value, out LogRecord record)
    {
        record = default;
        if (value.Length <= Header || value[0] != Format || value[1] >= KeyHash.Segments)
        {
            return false;
        }

        record = new LogRecord(value[1], BinaryPrimitives.ReadInt64BigEndian(value[2..]), value[Header..].ToArray());
        return true;
    }
}
