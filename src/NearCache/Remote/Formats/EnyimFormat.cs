using System.Buffers.Binary;
using System.Text.Json;
using NearCache.Remote.Formats.Json;

namespace NearCache.Remote.Formats;

/// <summary>
/// The format of EnyimMemcachedCore's <c>DefaultTranscoder</c>: flags 0x100 + <see cref="TypeCode"/>, numbers little endian, strings UTF-8,
/// bytes under 0xFA52, objects as BSON.
/// </summary>
/// <remarks>Items without flags, such as counters, are text. docs/formats.md, "Values of EnyimMemcachedCore".</remarks>
internal sealed class EnyimFormat : IValueFormat
{
    private const uint Bytes = 0xFA52;
    private const uint Mark = 0x100;

    public uint NullFlags => Mark | (uint)TypeCode.DBNull;

    public ValueCodec<T> CodecFor<T>(JsonSerializerOptions json)
    {
        object codec =
            typeof(T) == typeof(string) ? new Fixed<string>(TypeCode.String, -1, Text, bytes => StrictUtf8.Encoding.GetString(bytes))
            : typeof(T) == typeof(byte[]) ? new Fixed<byte[]>(Bytes, -1, value => value, bytes => bytes.ToArray())
            : typeof(T) == typeof(ReadOnlyMemory<byte>) ? new Fixed<ReadOnlyMemory<byte>>(
                Bytes, -1, value => value.ToArray(), bytes => bytes.ToArray())
            : typeof(T) == typeof(bool) ? new Fixed<bool>(TypeCode.Boolean, 1, BitConverter.GetBytes, bytes => bytes[0] != 0)
            : typeof(T) == typeof(char) ? new Fixed<char>(
                TypeCode.Char, 2, value => Number(value, 2), bytes => (char)BinaryPrimitives.ReadUInt16LittleEndian(bytes))
            : typeof(T) == typeof(sbyte) ? new Fixed<sbyte>(TypeCode.SByte, 1, value => Number(value, 1), bytes => (sbyte)bytes[0])
            : typeof(T) == typeof(byte) ? new Fixed<byte>(TypeCode.Byte, 1, value => Number(value, 1), bytes => bytes[0])
            : typeof(T) == typeof(short) ? new Fixed<short>(
                TypeCode.Int16, 2, value => Number(value, 2), BinaryPrimitives.ReadInt16LittleEndian)
            : typeof(T) == typeof(ushort) ? new Fixed<ushort>(
                TypeCode.UInt16, 2, value => Number(value, 2), BinaryPrimitives.ReadUInt16LittleEndian)
            : typeof(T) == typeof(int) ? new Fixed<int>(
                TypeCode.Int32, 4, value => Number(value, 4), BinaryPrimitives.ReadInt32LittleEndian)
            : typeof(T) == typeof(uint) ? new Fixed<uint>(
                TypeCode.UInt32, 4, value => Number(value, 4), BinaryPrimitives.ReadUInt32LittleEndian)
            : typeof(T) == typeof(long) ? new Fixed<long>(
                TypeCode.Int64, 8, value => Number(value, 8), BinaryPrimitives.ReadInt64LittleEndian)
            : typeof(T) == typeof(ulong) ? new Fixed<ulong>(
                TypeCode.UInt64, 8, value => Number((long)value, 8), BinaryPrimitives.ReadUInt64LittleEndian)
            : typeof(T) == typeof(float) ? new Fixed<float>(
                TypeCode.Single, 4, value => Number(BitConverter.SingleToInt32Bits(value), 4), BinaryPrimitives.ReadSingleLittleEndian)
            : typeof(T) == typeof(double) ? new Fixed<double>(
                TypeCode.Double, 8, value => Number(BitConverter.DoubleToInt64Bits(value), 8), BinaryPrimitives.ReadDoubleLittleEndian)
            : typeof(T) == typeof(DateTime) ? new Fixed<DateTime>(
                TypeCode.DateTime,
                8,
                value => Number(value.ToBinary(), 8),
                bytes => DateTime.FromBinary(BinaryPrimitives.ReadInt64LittleEndian(bytes)))
            : new Objects<T>(json);
        return (ValueCodec<T>)codec;
    }

    public ValueMatch Match(uint found, uint written) =>
        found == written || (found is 0 or Mark && written == (Mark | (uint)TypeCode.String)) ? ValueMatch.Value
        : found == NullFlags ? ValueMatch.Null
        : found == Bytes || (found & ~0xFFu) == Mark || found == 0 ? ValueMatch.OtherKind
        : ValueMatch.Foreign;

    private static byte[] Text(string value) =>
        StrictUtf8.IsWellFormed(value) ? StrictUtf8.Encoding.GetBytes(value) : throw StrictUtf8.LoneSurrogate("A text", nameof(value));

    private static byte[] Number(long value, int length)
    {
        Span<byte> bytes = stackalloc byte[sizeof(long)];
        BinaryPrimitives.WriteInt64LittleEndian(bytes, value);
        return bytes[..length].ToArray();
    }

    private delegate T Read<T>(ReadOnlySpan<byte> bytes);

    private sealed class Fixed<T>(uint flags, int length, Func<T, byte[]> write, Read<T> read) : ValueCodec<T>
    {
        public Fixed(TypeCode code, int length, Func<T, byte[]> write, Read<T> read)
            : this(Mark | (uint)code, length, write, read)
        {
        }

        public override uint ClientFlags => flags;

        public override ReadOnlyMemory<byte> Encode(T value) => write(value);

        public override T Decode(ReadOnlyMemory<byte> bytes)
        {
            if (length >= 0 && bytes.Length != length)
            {
                throw new FormatException($"It has {bytes.Length} bytes instead of {length}.");
            }

            try
            {
                return read(bytes.Span);
            }
            catch (ArgumentException e)
            {
                // an invalid date
                throw new FormatException(e.Message, e);
            }
        }
    }

    private sealed class Objects<T>(JsonSerializerOptions options) : ValueCodec<T>
    {
        private readonly LosslessJsonSerializer<T> _json = new(options);

        internal override string? WhyRefused => _json.Shape.WhyRefused;

        internal override bool SharesBytes => false;

        public override uint ClientFlags => Mark | (uint)TypeCode.Object;

        public override ReadOnlyMemory<byte> Encode(T value)
        {
            using var document = JsonDocument.Parse(_json.Write(value));
            return BsonWriter.Write(document.RootElement);
        }

        public override T Decode(ReadOnlyMemory<byte> bytes) =>
            _json.Read(BsonReader.ToJson(bytes.Span, _json.IsArray));
    }
}
