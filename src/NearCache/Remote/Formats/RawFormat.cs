using System.Text.Json;

namespace NearCache.Remote.Formats;

/// <summary>
/// Plain bytes with flags 0: text, bytes or JSON, as the reader expects. Only a null has flags, those of the <see cref="Envelope"/>,
/// because no bytes represent it.
/// </summary>
internal sealed class RawFormat : IValueFormat
{
    public uint NullFlags { get; } = new Envelope(ValueKind.Null).ToClientFlags();

    public ValueCodec<T> CodecFor<T>(JsonSerializerOptions json) => new Unmarked<T>(EnvelopeCodecs.For<T>(json));

    public ValueMatch Match(uint found, uint written) => found == NullFlags ? ValueMatch.Null : ValueMatch.Value;

    private sealed class Unmarked<T>(ValueCodec<T> inner) : ValueCodec<T>
    {
        public override uint ClientFlags => 0;

        internal override bool SharesBytes => inner.SharesBytes;

        internal override string? WhyRefused => inner.WhyRefused;

        public override ReadOnlyMemory<byte> Encode(T value) => inner.Encode(value);

        public override T Decode(ReadOnlyMemory<byte> bytes) => inner.Decode(bytes);
    }
}
