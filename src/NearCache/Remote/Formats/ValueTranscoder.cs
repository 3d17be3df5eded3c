using System.Text.Json;
using NearCache.Memcached.Protocol;
using NearCache.Remote.Formats.Json;

namespace NearCache.Remote.Formats;

/// <summary>Values to items and back: chooses the codec of a type, and says in the client flags what it wrote.</summary>
/// <param name="format">What users' values look like.</param>
/// <param name="json">How values become JSON, where they do.</param>
/// <param name="time">What time it is.</param>
/// <param name="packing">Makes large values smaller; null: nothing does.</param>
internal sealed class ValueTranscoder(IValueFormat format, JsonSerializerOptions json, TimeProvider time, ItemCompression? packing = null)
{
    private static readonly EnvelopeFormat Own = new();

    private readonly ItemCompression? _packing = format is EnvelopeFormat ? packing : null;
    private readonly Lock _lock = new();   // guards the replacing of the codecs
    private volatile object?[] _codecs = [];   // by the numbers of their types; replaced, never changed

    /// <summary>
    /// Adds a codec for a type of NearCache's own, which looks the same in all formats; before anything is read or written.
    /// </summary>
    public void Register<T>(ValueCodec<T> codec) => Add(codec);

    /// <summary>The format that the settings name.</summary>
    public static IValueFormat Of(NearCacheOptions options) => options.ValueFormat ?? options.Format switch
    {
        StoredFormat.Raw => new RawFormat(),
        StoredFormat.EnyimDefault => new EnyimFormat(),
        _ => new EnvelopeFormat(),
    };

    /// <summary>The codec of a type.</summary>
    /// <exception cref="NotSupportedException">The serializer options know no such type.</exception>
    public ValueCodec<T> CodecOf<T>()
    {
        var (codecs, number) = (_codecs, TypeIndex<T>.Value);
        return number < codecs.Length && codecs[number] is { } codec ? (ValueCodec<T>)codec : Add(format.CodecFor<T>(json));
    }

    /// <summary>Makes sure that values of a type can be written, before anything is done to get one.</summary>
    /// <exception cref="NotSupportedException">They cannot.</exception>
    public void RequireSupported<T>()
    {
        if (CodecOf<T>().WhyRefused is { } why)
        {
            throw new NotSupportedException(why);
        }
    }

    /// <summary>The command that stores a value.</summary>
    /// <exception cref="ArgumentException">The value cannot be written without loss.</exception>
    /// <exception cref="NotSupportedException">The serializer options know no such type.</exception>
    public MetaCommand Set<T>(byte[] key, T value, TimeSpan lifetime) => Set(key, value, lifetime, out _);

    /// <summary>
    /// The command that stores a value, which shares no memory with the value if <paramref name="mayOutlive"/> says that the command may be
    /// on its way when the call has ended.
    /// </summary>
    public MetaCommand Set<T>(byte[] key, T value, TimeSpan lifetime, bool mayOutlive)
    {
        var command = Set(key, value, lifetime, out var plain);
        return mayOutlive && command.Value.Equals(plain) && CodecOf<T>().SharesBytes ? command with { Value = plain.ToArray() } : command;
    }

    /// <summary>The same.</summary>
    /// <param name="key">The item's key.</param>
    /// <param name="value">Its value.</param>
    /// <param name="lifetime">How long it lives.</param>
    /// <param name="plain">The value's bytes as they are near, where nothing is compressed.</param>
    public MetaCommand Set<T>(byte[] key, T value, TimeSpan lifetime, out ReadOnlyMemory<byte> plain)
    {
        var codec = CodecOf<T>();
        plain = value is null ? default : Encode(codec, value);
        var (bytes, flags) = value is null ? (default, FormatOf(codec).NullFlags)
            : _packing is null || !codec.MayCompress(value) ? (plain, codec.FlagsOf(value))
            : _packing.Compress(plain, codec.FlagsOf(value));
        return MetaCommand.Set(key, bytes) with { ClientFlags = flags, TimeToLive = Expiry.Of(lifetime, time) };
    }

    /// <summary>
    /// Whether an item holds nothing but the news that somebody has been told to fill it. A value, empty or null, that somebody has been
    /// told to refresh has flags.
    /// </summary>
    public static bool IsPlaceHolder(in MetaResponse item) =>
        item is { Value.IsEmpty: true, ClientFlags: 0 } && (item.IsWinner || item.IsWonByAnother);

    /// <summary>Whether an item must be unpacked before it can be read.</summary>
    public bool IsCompressed(in MetaResponse item) => _packing is not null && Envelope.IsCompressed(item.ClientFlags);

    /// <summary>The item with the bytes and flags that it had before it was packed. False: it is broken, or too large.</summary>
    public bool TryDecompress(in MetaResponse item, out MetaResponse plain, out Exception? exception)
    {
        try
        {
            (plain, exception) = (_packing!.Decompress(item), null);
            return true;
        }
        catch (FormatException e)
        {
            (plain, exception) = (item, e);
            return false;
        }
    }

    /// <summary>
    /// Reads the value of an item that is not packed. False: it is not there, or (with a reason) not one that can be read as a
    /// <typeparamref name="T"/>.
    /// </summary>
    public bool TryRead<T>(in MetaResponse item, out T? value, out string? reason, out Exception? exception)
    {
        (value, reason, exception) = (default, null, null);

        if (item.Status != MetaStatus.Ok || IsPlaceHolder(item))
        {
            return false;
        }

        var codec = CodecOf<T>();
        switch (codec.Reads(item.ClientFlags) ? ValueMatch.Value : FormatOf(codec).Match(item.ClientFlags, codec.ClientFlags))
        {
            case ValueMatch.Null:
                reason = default(T) is null ? null : "kind";
                return reason is null;
            case ValueMatch.OtherKind:
                reason = "kind";
                return false;
            case ValueMatch.Value:
                break;
            default:
                reason = "foreign";
                return false;
        }

        if (codec.WhyRefused is { } refused)
        {
            // What there is was written without a part of it.
            (reason, exception) = ("type", new NotSupportedException(refused));
            return false;
        }

        try
        {
            value = codec.Decode(item.Value);
            return true;
        }
        catch (Exception e) when (e is not OutOfMemoryException)
        {
            // A format of the application's own may throw anything about bytes that are not its own.
            (reason, exception) = ("content", e);
            return false;
        }
    }

    private static ReadOnlyMemory<byte> Encode<T>(ValueCodec<T> codec, T value)
    {
        var bytes = codec.Encode(value);
        if (!codec.HasReadBack)
        {
            try
            {
                _ = codec.Decode(bytes);
            }
            catch (Exception e) when (e is not OutOfMemoryException)
            {
                throw new NotSupportedException(
                    $"A {TypeNames.Of(typeof(T))} was written, but cannot be read back, so it is not stored: {e.Message}", e);
            }

            codec.HasReadBack = true;
        }

        return bytes;
    }

    // The first of a type stays.
    private ValueCodec<T> Add<T>(ValueCodec<T> codec)
    {
        lock (_lock)
        {
            var number = TypeIndex<T>.Value;
            var codecs = _codecs;
            Array.Resize(ref codecs, Math.Max(codecs.Length, number + 1));
            var first = codecs[number] ??= codec;
            _codecs = codecs;
            return (ValueCodec<T>)first;
        }
    }

    private IValueFormat FormatOf<T>(ValueCodec<T> codec) => codec.IsOwn ? Own : format;
}
