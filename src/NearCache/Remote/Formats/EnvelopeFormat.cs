using System.Text.Json;

namespace NearCache.Remote.Formats;

/// <summary>NearCache's own format: the client flags are an <see cref="Envelope"/>.</summary>
internal sealed class EnvelopeFormat : IValueFormat
{
    public uint NullFlags { get; } = new Envelope(ValueKind.Null).ToClientFlags();

    public ValueCodec<T> CodecFor<T>(JsonSerializerOptions json) => EnvelopeCodecs.For<T>(json);

    public ValueMatch Match(uint found, uint written) =>
        found == written ? ValueMatch.Value
        : found == NullFlags ? ValueMatch.Null
        : Envelope.TryRead(found, out _) ? ValueMatch.OtherKind
        : ValueMatch.Foreign;
}
