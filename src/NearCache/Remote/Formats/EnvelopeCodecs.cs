using System.Text.Json;
using System.Text.Json.Nodes;
using System.Text.Json.Serialization.Metadata;
using NearCache.Remote.Formats.Json;

namespace NearCache.Remote.Formats;

/// <summary>Selects the codec of a type in NearCache's own format: strings and bytes unchanged, other values as JSON.</summary>
internal static class EnvelopeCodecs
{
    /// <exception cref="NotSupportedException">
    /// The serializer options do not know the type. Add it to a source-generated context.
    /// </exception>
    public static ValueCodec<T> For<T>(JsonSerializerOptions json)
    {
        object codec =
            typeof(T) == typeof(string) ? new TextCodec()
            : typeof(T) == typeof(byte[]) ? new ByteArrayCodec()
            : typeof(T) == typeof(ReadOnlyMemory<byte>) ? new MemoryCodec()
            : typeof(T) == typeof(object) ? new ObjectCodec(json)
            : new JsonCodec<T>(json);
        return (ValueCodec<T>)codec;
    }

    private static uint Plain { get; } = new Envelope(ValueKind.Json).ToClientFlags();

    private static uint WithFields { get; } = new Envelope(ValueKind.JsonFields).ToClientFlags();

    private static uint FlagsOf(JsonTypeAnalysis shape) => shape.HasFields ? WithFields : Plain;

    private sealed class TextCodec : ValueCodec<string>
    {
        public override uint ClientFlags { get; } = new Envelope(ValueKind.Text).ToClientFlags();

        internal override bool SharesBytes => false;

        // An unpaired surrogate throws before anything is sent, because the value would come back changed.
        public override ReadOnlyMemory<byte> Encode(string value) =>
            StrictUtf8.IsWellFormed(value) ? StrictUtf8.Encoding.GetBytes(value) : throw StrictUtf8.LoneSurrogate("A text", nameof(value));

        public override string Decode(ReadOnlyMemory<byte> bytes) => StrictUtf8.Encoding.GetString(bytes.Span);
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

    // Types that only inspect JSON read it however it was written.
    private static bool LooksAtJson(Type type) =>
        type == typeof(object) || type == typeof(JsonElement) || type == typeof(JsonDocument) || typeof(JsonNode).IsAssignableFrom(type);

    private sealed class JsonCodec<T>(JsonSerializerOptions options) : ValueCodec<T>
    {
        private readonly LosslessJsonSerializer<T> _json = new(options);

        internal override bool SharesBytes => false;

        public override uint ClientFlags => EnvelopeCodecs.FlagsOf(_json.Shape);

        internal override string? WhyRefused => _json.Shape.WhyRefused;

        internal override bool Reads(uint clientFlags) => LooksAtJson(typeof(T)) && clientFlags == WithFields;

        public override ReadOnlyMemory<byte> Encode(T value) => _json.Write(value);

        public override T Decode(ReadOnlyMemory<byte> bytes) => _json.Read(bytes.Span);
    }

    // Each value is written as its runtime type, and read as a JsonElement.
    private sealed class ObjectCodec(JsonSerializerOptions options) : ValueCodec<object>
    {
        private readonly JsonTypeInfo<object> _read = JsonContracts.Of<object>(options);

        public override uint ClientFlags => Plain;

        internal override bool SharesBytes => false;

        internal override uint FlagsOf(object value) => EnvelopeCodecs.FlagsOf(JsonTypeAnalysis.Of(value.GetType(), options));

        internal override bool Reads(uint clientFlags) => clientFlags == WithFields;

        public override ReadOnlyMemory<byte> Encode(object value) =>
            value.GetType() == typeof(object) ? "{}"u8.ToArray() : JsonContracts.WriteAny(value, options);

        public override object Decode(ReadOnlyMemory<byte> bytes) => JsonSerializer.Deserialize(bytes.Span, _read)!;
    }
}
