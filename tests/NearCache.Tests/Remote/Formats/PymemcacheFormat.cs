using System.Globalization;
using System.Text;
using System.Text.Json;

namespace NearCache.Tests.Remote.Formats;

/// <summary>
/// What Python's pymemcache stores with its default serde, unless it is a pickle: bytes (flags 0), whole numbers as text (2), and strings
/// in UTF-8 (16).
/// </summary>
internal sealed class PymemcacheFormat : IValueFormat
{
    public uint NullFlags => 0x4E43_0103;   // pickles hold Python's None: ours is a value that Python takes for bytes

    public ValueCodec<T> CodecFor<T>(JsonSerializerOptions json) => (ValueCodec<T>)(object)(
        typeof(T) == typeof(byte[]) ? new Codec<byte[]>(0, bytes => bytes, bytes => bytes.ToArray())
        : typeof(T) == typeof(string) ? new Codec<string>(16, Encoding.UTF8.GetBytes, bytes => Encoding.UTF8.GetString(bytes.Span))
        : typeof(T) == typeof(long)
            ? new Codec<long>(2, value => Encoding.UTF8.GetBytes($"{value}"), bytes => long.Parse(bytes.Span, CultureInfo.InvariantCulture))
        : throw new NotSupportedException($"pymemcache would pickle a {typeof(T)}."));

    public ValueMatch Match(uint found, uint written) =>
        found == written ? ValueMatch.Value
        : found == NullFlags ? ValueMatch.Null
        : found is 0 or 2 or 16 ? ValueMatch.OtherKind
        : ValueMatch.Foreign;

    private sealed class Codec<T>(uint flags, Func<T, byte[]> encode, Func<ReadOnlyMemory<byte>, T> decode) : ValueCodec<T>
    {
        public override uint ClientFlags => flags;

        public override ReadOnlyMemory<byte> Encode(T value) => encode(value);

        public override T Decode(ReadOnlyMemory<byte> bytes) => decode(bytes);
    }
}
