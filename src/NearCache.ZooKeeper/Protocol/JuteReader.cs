using System.Buffers.Binary;
using System.Text;

namespace NearCache.ZooKeeper.Protocol;

/// <summary>Reads the fields of one message in order. The encoding, Jute, is big endian, without padding and tags.</summary>
/// <remarks>
/// Every length is compared with the remaining bytes before memory is allocated. A message therefore costs at most a small multiple of its
/// bytes. Source: ZooKeeper, zookeeper-jute, BinaryInputArchive.
/// </remarks>
internal ref struct JuteReader(ReadOnlySpan<byte> message)
{
    private ReadOnlySpan<byte> _rest = message;

    /// <summary>Gets the number of bytes that have not been read.</summary>
    public readonly int Remaining => _rest.Length;

    /// <summary>Reads one byte. Any value but 0 is true.</summary>
    public bool ReadBoolean() => Take(1)[0] != 0;

    /// <summary>Reads four bytes.</summary>
    public int ReadInt32() => BinaryPrimitives.ReadInt32BigEndian(Take(sizeof(int)));

    /// <summary>Reads eight bytes.</summary>
    public long ReadInt64() => BinaryPrimitives.ReadInt64BigEndian(Take(sizeof(long)));

    /// <summary>Reads a length (-1 is null) and UTF-8 bytes.</summary>
    public string? ReadNullableString()
    {
        var length = ReadLength();
        return length < 0 ? null : Encoding.UTF8.GetString(Take(length));
    }

    /// <summary>Reads a string. Null, which servers do not send here, becomes empty.</summary>
    public string ReadString() => ReadNullableString() ?? "";

    /// <summary>Reads a length (-1 is null) and the bytes, which are copied.</summary>
    public byte[]? ReadBuffer()
    {
        var length = ReadLength();
        return length switch
        {
            < 0 => null,
            0 => [],
            _ => Take(length).ToArray(),
        };
    }

    /// <summary>Reads the number of elements of a vector. Null becomes 0.</summary>
    /// <param name="minBytes">
    /// The minimum length of an element. A count that exceeds the remaining bytes is rejected before a list is allocated.
    /// </param>
    public int ReadCount(int minBytes)
    {
        var count = ReadInt32();
        if (count < -1 || (long)count * minBytes > _rest.Length)
        {
            throw new JuteFormatException($"A vector claims {count} elements in {_rest.Length} bytes.");
        }

        return Math.Max(count, 0);
    }

    /// <summary>Reads a vector of strings.</summary>
    public string[] ReadStrings()
    {
        var count = ReadCount(sizeof(int));
        if (count == 0)
        {
            return [];
        }

        var strings = new string[count];
        for (var i = 0; i < count; i++)
        {
            strings[i] = ReadString();
        }

        return strings;
    }

    private int ReadLength()
    {
        var length = ReadInt32();
        return length >= -1 ? length : throw new JuteFormatException($"A field claims a length of {length} bytes.");
    }

    private ReadOnlySpan<byte> Take(int length)
    {
        if (length > _rest.Length)
        {
            throw new JuteFormatException($"A field has {length} bytes, but only {_rest.Length} remain.");
        }

        var taken = _rest[..length];
        _rest = _rest[length..];
        return taken;
    }
}

/// <summary>
/// The exception that is thrown when a message cannot be read. The position in the stream is lost, so the connection must be closed.
/// </summary>
internal sealed class JuteFormatException(string message) : Exception(message);
