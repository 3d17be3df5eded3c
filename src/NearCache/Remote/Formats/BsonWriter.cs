using System.Buffers.Binary;
using System.Globalization;
using System.Text;
using System.Text.Json;

namespace NearCache.Remote.Formats;

/// <summary>Converts JSON to BSON: integers to the shorter type that holds them, other numbers to double, strings to strings.</summary>
/// <remarks>https://bsonspec.org/spec.html</remarks>
internal static class BsonWriter
{
    /// <exception cref="ArgumentException">The root is neither an object nor an array.</exception>
    public static byte[] Write(JsonElement root)
    {
        if (root.ValueKind is not (JsonValueKind.Object or JsonValueKind.Array))
        {
            throw new ArgumentException(
                "With Format = EnyimDefault a value of this type cannot be stored: BSON holds objects and arrays, and this is a "
                    + $"{root.ValueKind}.",
                nameof(root));
        }

        var output = new MemoryStream();
        WriteDocument(output, root);
        return output.ToArray();
    }

    private static void WriteDocument(MemoryStream output, JsonElement element)
    {
        var start = (int)output.Position;
        WriteInt32(output, 0);
        if (element.ValueKind == JsonValueKind.Array)
        {
            var index = 0;
            foreach (var item in element.EnumerateArray())
            {
                WriteElement(output, (index++).ToString(CultureInfo.InvariantCulture), item);
            }
        }
        else
        {
            foreach (var property in element.EnumerateObject())
            {
                WriteElement(output, property.Name, property.Value);
            }
        }

        output.WriteByte(0);
        BinaryPrimitives.WriteInt32LittleEndian(output.GetBuffer().AsSpan(start), (int)output.Position - start);
    }

    private static void WriteElement(MemoryStream output, string name, JsonElement value)
    {
        var type = value.ValueKind switch
        {
            JsonValueKind.Object => BsonType.Document,
            JsonValueKind.Array => BsonType.Array,
            JsonValueKind.String => BsonType.Text,
            JsonValueKind.Number => value.TryGetInt32(out _) ? BsonType.Int32 : value.TryGetInt64(out _) ? BsonType.Int64 : BsonType.Double,
            JsonValueKind.True or JsonValueKind.False => BsonType.Boolean,
            _ => BsonType.Null,
        };
        output.WriteByte((byte)type);
        output.Write(Encoding.UTF8.GetBytes(name));
        output.WriteByte(0);
        switch (type)
        {
            case BsonType.Document or BsonType.Array:
                WriteDocument(output, value);
                break;
            case BsonType.Text:
                var text = Encoding.UTF8.GetBytes(value.GetString()!);
                WriteInt32(output, text.Length + 1);
                output.Write(text);
                output.WriteByte(0);
                break;
            case BsonType.Int32:
                WriteInt32(output, value.GetInt32());
                break;
            case BsonType.Int64:
                WriteInt64(output, value.GetInt64());
                break;
            case BsonType.Double:
                WriteInt64(output, BitConverter.DoubleToInt64Bits(value.GetDouble()));
                break;
            case BsonType.Boolean:
                output.WriteByte(value.GetBoolean() ? (byte)1 : (byte)0);
                break;
        }
    }

    private static void WriteInt32(MemoryStream output, int value)
    {
        Span<byte> bytes = stackalloc byte[sizeof(int)];
        BinaryPrimitives.WriteInt32LittleEndian(bytes, value);
        output.Write(bytes);
    }

    private static void WriteInt64(MemoryStream output, long value)
    {
        Span<byte> bytes = stackalloc byte[sizeof(long)];
        BinaryPrimitives.WriteInt64LittleEndian(bytes, value);
        output.Write(bytes);
    }
}
