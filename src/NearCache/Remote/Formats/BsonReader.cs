using System.Buffers;
using System.Buffers.Binary;
using System.Text;
using System.Text.Json;

namespace NearCache.Remote.Formats;

/// <summary>Converts BSON to JSON: dates as ISO 8601, bytes as base64, UUIDs as text.</summary>
/// <remarks>https://bsonspec.org/spec.html. Element names and texts are UTF-8; all numbers are little endian.</remarks>
internal ref struct BsonReader
{
    private const int MaxDepth = 64;
    private const byte OldUuid = 3;
    private const byte Uuid = 4;
    private readonly ReadOnlySpan<byte> _bytes;
    private int _at;

    private BsonReader(ReadOnlySpan<byte> bytes) => _bytes = bytes;

    /// <summary>Returns the JSON of a document. A root does not say whether it is an array.</summary>
    /// <exception cref="FormatException">The bytes are not BSON, or contain types without a JSON counterpart.</exception>
    public static byte[] ToJson(ReadOnlySpan<byte> bson, bool isArray)
    {
        var reader = new BsonReader(bson);
        var output = new ArrayBufferWriter<byte>();
        try
        {
            using var json = new Utf8JsonWriter(output);
            reader.ReadDocument(json, isArray, 0);
        }
        catch (ArgumentException e)
        {
            // Invalid UTF-8, an invalid date, or a number that JSON cannot hold.
            throw new FormatException(e.Message, e);
        }

        return reader._at == bson.Length ? output.WrittenSpan.ToArray() : throw new FormatException("More bytes follow the document.");
    }

    private void ReadDocument(Utf8JsonWriter json, bool isArray, int depth)
    {
        var start = _at;
        var length = BinaryPrimitives.ReadInt32LittleEndian(Take(4));
        if (depth > MaxDepth || length < 5 || length > _bytes.Length - start)
        {
            throw new FormatException("A document is longer than the remaining bytes, or nested too deeply.");
        }

        if (isArray)
        {
            json.WriteStartArray();
        }
        else
        {
            json.WriteStartObject();
        }

        while (Take(1)[0] is var type and not 0)
        {
            var name = ReadName();
            if (!isArray)
            {
                json.WritePropertyName(name);
            }

            ReadValue(json, (BsonType)type, depth);
        }

        if (_at != start + length)
        {
            throw new FormatException("A document does not end at its stated length.");
        }

        if (isArray)
        {
            json.WriteEndArray();
        }
        else
        {
            json.WriteEndObject();
        }
    }

    private void ReadValue(Utf8JsonWriter json, BsonType type, int depth)
    {
        switch (type)
        {
            case BsonType.Double:
                json.WriteNumberValue(BinaryPrimitives.ReadDoubleLittleEndian(Take(8)));
                break;
            case BsonType.Text:
                json.WriteStringValue(Take(BinaryPrimitives.ReadInt32LittleEndian(Take(4)))[..^1]);
                break;
            case BsonType.Document or BsonType.Array:
                ReadDocument(json, type == BsonType.Array, depth + 1);
                break;
            case BsonType.Binary:
                var length = BinaryPrimitives.ReadInt32LittleEndian(Take(4));
                var kind = Take(1)[0];
                var bytes = Take(length);
                if (kind is OldUuid or Uuid && length == 16)
                {
                    json.WriteStringValue(new Guid(bytes));
                }
                else
                {
                    json.WriteBase64StringValue(bytes);
                }

                break;
            case BsonType.Boolean:
                json.WriteBooleanValue(Take(1)[0] != 0);
                break;
            case BsonType.Date:
                json.WriteStringValue(DateTimeOffset.FromUnixTimeMilliseconds(BinaryPrimitives.ReadInt64LittleEndian(Take(8))).UtcDateTime);
                break;
            case BsonType.Null:
                json.WriteNullValue();
                break;
            case BsonType.Int32:
                json.WriteNumberValue(BinaryPrimitives.ReadInt32LittleEndian(Take(4)));
                break;
            case BsonType.Int64:
                json.WriteNumberValue(BinaryPrimitives.ReadInt64LittleEndian(Take(8)));
                break;
            default:
                throw new FormatException($"The BSON type {(byte)type} cannot be read.");
        }
    }

    private string ReadName()
    {
        var end = _bytes[_at..].IndexOf((byte)0);
        return end < 0 ? throw new FormatException("A name has no end.") : Encoding.UTF8.GetString(Take(end + 1)[..^1]);
    }

    private ReadOnlySpan<byte> Take(int count)
    {
        if (count < 1 && !(count == 0 && _at <= _bytes.Length))
        {
            throw new FormatException("A length is negative.");
        }

        if (count > _bytes.Length - _at)
        {
            throw new FormatException("It ends too early.");
        }

        var taken = _bytes.Slice(_at, count);
        _at += count;
        return taken;
    }
}

/// <summary>Specifies the BSON types with a JSON counterpart.</summary>
/// <remarks>https://bsonspec.org/spec.html</remarks>
internal enum BsonType : byte
{
    Double = 0x01,
    Text = 0x02,
    Document = 0x03,
    Array = 0x04,
    Binary = 0x05,
    ObjectId = 0x07,
    Boolean = 0x08,
    Date = 0x09,
    Null = 0x0A,
    Int32 = 0x10,
    Int64 = 0x12,
}
