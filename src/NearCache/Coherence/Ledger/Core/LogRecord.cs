using System.Buffers.Binary;
using NearCache.Coherence.Core;

namespace NearCache.Coherence.Ledger.Core;

/// <summary>
/// What a writer leaves on the server for those who miss the announcement: the key of mutation n, and which of its segment it was.
/// </summary>
/// <remarks>
/// One byte format (1), one byte segment, eight bytes m (big endian), then the key. Written down with vectors in docs/formats.md.
/// </remarks>
internal readonly record struct LogRecord(int Segment, long M, ReadOnlyMemory<byte> Key)
{
    private const byte Format = 1;
    private const int Header = 10;

    /// <summary>The value to store.</summary>
    public byte[] Encode()
    {
        var value = new byte[Header + Key.Length];
        value[0] = Format;
        value[1] = (byte)Segment;
        BinaryPrimitives.WriteInt64BigEndian(value.AsSpan(2), M);
        Key.CopyTo(value.AsMemory(Header));
        return value;
    }

    /// <summary>Reads a stored value. False: it is of another format or broken, and counts as absent.</summary>
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
