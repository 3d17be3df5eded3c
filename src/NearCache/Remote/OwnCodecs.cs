using System.Text;
using System.Text.Json;
using System.Text.Json.Serialization.Metadata;

namespace NearCache.Remote;

/// <summary>Chooses the codec of a type in NearCache's own format: strings and bytes as they are, all else as JSON.</summary>
internal static class OwnCodecs
{
    /// <exception cref="NotSupportedException">The serializer options know no such type: add it to a source-generated context.</exception>
    public static ValueCodec<T> For<T>(JsonSerializerOptions json)
    {
        object codec =
            typeof(T) == typeof(string) ? new TextCodec()
            : typeof(T) == typeof(byte[]) ? new ByteArrayCodec()
            : typeof(T) == typeof(ReadOnlyMemory<byte>) ? new MemoryCodec()
            : new JsonCodec<T>((JsonTypeInfo<T>)json.GetTypeInfo(typeof(T)));
        return (ValueCodec<T>)codec;
    }

    private sealed class TextCodec : ValueCodec<string>
    {
        // Half of a surrogate pair is an error before anything is sent, rather than a value that comes back changed.
        private static readonly UTF8Encoding Strict = new(encoderShouldEmitUTF8Identifier: false, throwOnInvalidBytes: true);

        public override uint ClientFlags { get; } = new Envelope(ValueKind.Text).ToClientFlags();

        internal override bool SharesBytes => false;

        public override ReadOnlyMemory<byte> Encode(string value) => Strict.GetBytes(value);

        public override string Decode(ReadOnlyMemory<byte> bytes) => Encoding.UTF8.GetString(bytes.Span);
    }

    private sealed class ByteArrayCodec : ValueCodec<byte[]>
    {
        public override uint ClientFlags { get; } = new Envelope(ValueKind.Bytes).ToClientFlags();

        public override ReadOnlyMemory<byte> Encode(byte[] value) => value;

        public override byte[] Decode(ReadOnlyMemory<byte> bytes) => bytes.ToArray();
    }

    private sealed class MemoryCodec : ValueCodec<ReadOnlyMemory<byte>>
    {
        public override uint ClientFlags { get; } = new Envelope(ValueKind.Bytes).ToClientFlags();

        public override ReadOnlyMemory<byte> Encode(ReadOnlyMemory<byte> value) => value;

        public override ReadOnlyMemory<byte> Decode(ReadOnlyMemory<byte> bytes) => bytes;
    }

    private sealed class JsonCodec<T>(JsonTypeInfo<T> type) : ValueCodec<T>
    {
        public override uint ClientFlags { get; } = new Envelope(ValueKind.Json).ToClientFlags();

        internal override bool SharesBytes => false;

        public override ReadOnlyMemory<byte> Encode(T value) => JsonSerializer.SerializeToUtf8Bytes(value, type);

        public override T Decode(ReadOnlyMemory<byte> bytes) => JsonSerializer.Deserialize(bytes.Span, type)!;
    }
}
