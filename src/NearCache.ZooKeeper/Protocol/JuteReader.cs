using System.Buffers.Binary;
using System.Text;

namespace NearCache.ZooKeeper.Protocol;

/// <summary>Reads the fields of one message in order. Jute: big endian, no padding, no tags.</summary>
/// <remarks>
/// Every length is checked against what is there before anything is allocated for it, so that a message costs no more memory than a small
/// multiple of its bytes. Source: ZooKeeper, zookeeper-jute, BinaryInputArchive.
/// </remarks>
internal ref struct JuteReader(ReadOnlySpan<byte> message)
{
    private ReadOnlySpan<byte> _rest = message;

    /// <summary>How many bytes have not been read.</summary>
    public readonly int Remaining => _rest.Length;

    /// <summary>1 byte; anything but 0 is true.</summary>
    public bool ReadBoolean() => Take(1)[0] != 0;

    /// <summary>4 bytes.</summary>
    public int ReadInt32() => BinaryPrimitives.ReadInt32BigEndian(Take(sizeof(int)));

    /// <summary>8 bytes.</summary>
    public long ReadInt64() => BinaryPrimitives.ReadInt64BigEndian(Take(sizeof(long)));

    /// <summary>A count of bytes (-1 is null) and UTF-8.</summary>
    public string? ReadNullableString()
    {
        var length = ReadLength();
        return length < 0 ? null : Encoding.UTF8.GetString(Take(length));
    }

    /// <summary>A string; null, which servers do not send where a string is due, is read as empty.</summary>
    public string ReadString() => ReadNullableString() ?? "";

    /// <summary>A count of bytes (-1 is null) and the bytes, copied.</summary>
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

    /// <summary>The count of a vector's elements; null is read as empty.</summary>
    /// <param name="minBytes">
    /// What one element takes at least: more elements than could be there are refused before a list is made for them.
    /// </param>
    public int ReadCount(int minBytes)
    {
        var count = ReadInt32();
        if (count < -1 || (long)count * minBytes > _rest.Length)
        {
            throw new JuteFormatException($"A vector of {count} elements in {_rest.Length} bytes.");
        }

        return Math.Max(count, 0);
    }

    /// <summary>A vector of strings.</summary>
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
        return length >= -1 ? length : throw new JuteFormatException($"A length of {length} bytes.");
    }

    private ReadOnlySpan<byte> Take(int length)
    {
        if (length > _rest.Length)
        {
            throw new JuteFormatException($"{length} bytes are due where {_rest.Length} are left.");
        }

        var taken = _rest[..length];
        _rest = _rest[length..];
        return taken;
    }
}

/// <summary>A message that cannot be read: the stream's position is lost, and its connection must be closed.</summary>
internal sealed class JuteFormatException(string message) : Exception(message);
