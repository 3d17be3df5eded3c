using System.Text.Json;
using NearCache.Memcached.Protocol;
using NearCache.Remote.Formats.Json;

namespace NearCache.Remote.Formats;

/// <summary>
/// Converts values to memcached items and back: selects the codec of a type, and describes the bytes in the client flags.
/// </summary>
/// <param name="format">The format of application values.</param>
/// <param name="json">The serializer options.</param>
/// <param name="time">The clock.</param>
/// <param name="packing">Compresses large values; null for none.</param>
internal sealed class ValueTranscoder(IValueFormat format, JsonSerializerOptions json, TimeProvider time, ItemCompression? packing = null)
{
    /// <summary>The description of a null.</summary>
    public const string NullDescription = "null";

    private static readonly EnvelopeFormat Own = new();

    private readonly ItemCompression? _packing = format is EnvelopeFormat ? packing : null;
    private readonly Lock _lock = new();   // guards the replacement of the codecs
    private volatile object?[] _codecs = [];   // indexed by type; immutable and replaced

    /// <summary>
    /// Registers a codec of NearCache's own types, which have the same format in all cases. Must be called before the first read or write.
    /// </summary>
    public void Register<T>(ValueCodec<T> codec) => Add(codec);

    /// <summary>Returns the format that the settings name.</summary>
    public static IValueFormat Of(NearCacheOptions options) => options.ValueFormat ?? options.Format switch
    {
        StoredFormat.Raw => new RawFormat(),
        StoredFormat.EnyimDefault => new EnyimFormat(),
        _ => new EnvelopeFormat(),
    };

    /// <summary>Returns the codec of a type.</summary>
    /// <exception cref="NotSupportedException">The serializer options do not know the type.</exception>
    public ValueCodec<T> CodecOf<T>()
    {
        var (codecs, number) = (_codecs, TypeIndex<T>.Value);
        return number < codecs.Length && codecs[number] is { } codec ? (ValueCodec<T>)codec : Add(format.CodecFor<T>(json));
    }

    /// <summary>Verifies that values of a type can be written, before a value is created.</summary>
    /// <exception cref="NotSupportedException">Values of the type cannot be written.</exception>
    public void RequireSupported<T>()
    {
        if (CodecOf<T>().WhyRefused is { } why)
        {
            throw new NotSupportedException(why);
        }
    }

    /// <summary>Returns the command that stores a value.</summary>
    /// <exception cref="ArgumentException">The value cannot be written without loss.</exception>
    /// <exception cref="NotSupportedException">The serializer options do not know the type.</exception>
    public MetaCommand Set<T>(byte[] key, T value, TimeSpan lifetime) => Set(key, value, lifetime, out _);

    /// <summary>
    /// Returns the command that stores a value. With <paramref name="mayOutlive"/> the command shares no memory with the value, because it
    /// may be sent after the call has ended.
    /// </summary>
    public MetaCommand Set<T>(byte[] key, T value, TimeSpan lifetime, bool mayOutlive)
    {
        var command = Set(key, value, lifetime, out var plain);
        return mayOutlive && command.Value.Equals(plain) && CodecOf<T>().SharesBytes ? command with { Value = plain.ToArray() } : command;
    }

    /// <summary>Returns the command that stores a value, and its uncompressed bytes.</summary>
    /// <param name="key">The key of the item.</param>
    /// <param name="value">The value.</param>
    /// <param name="lifetime">The lifetime.</param>
    /// <param name="plain">The uncompressed bytes, as they are kept near.</param>
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
    /// Returns whether an item is the placeholder of a fill. A value, even an empty or null one, that a caller was notified to refresh has
    /// flags.
    /// </summary>
    public static bool IsPlaceHolder(in MetaResponse item) =>
        item is { Value.IsEmpty: true, ClientFlags: 0 } && (item.IsWinner || item.IsWonByAnother);

    /// <summary>
    /// Returns what an item is, in words, by its client flags; null if it belongs to another client or to a newer format.
    /// </summary>
    /// <remarks>Formats other than NearCache's own do not tell; the type that a caller requests decides then.</remarks>
    /// <param name="format">The format of the settings.</param>
    /// <param name="clientFlags">The client flags of the item.</param>
    public static string? Describe(IValueFormat format, uint clientFlags) =>
        clientFlags == format.NullFlags || clientFlags == Own.NullFlags ? NullDescription
        : !Envelope.TryRead(clientFlags, out var envelope) ? (format is EnvelopeFormat ? null : "a value in a format of the settings")
        : $"{envelope.Kind switch
        {
            ValueKind.Json or ValueKind.JsonFields => "JSON",
            ValueKind.Text => "text",
            ValueKind.Bytes => "bytes",
            ValueKind.Distributed => "an entry of IDistributedCache",
            _ => "an entry of HybridCache",
        }}{(envelope.Compression == ValueCompression.None ? "" : ", compressed")}";

    /// <summary>Returns whether an item must be decompressed before it is read.</summary>
    public bool IsCompressed(in MetaResponse item) => _packing is not null && Envelope.IsCompressed(item.ClientFlags);

    /// <summary>Returns the item with its uncompressed bytes and flags. Returns false if it is damaged or too large.</summary>
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
    /// Reads the value of an uncompressed item. Returns false if it is absent, or, with a reason, if it cannot be read as a
    /// <typeparamref name="T"/>.
    /// </summary>
    public bool TryRead<T>(in MetaResponse item, out T? value, out string? reason, out Exception? exception)
    {
        (value, reason, exception) = (default, null, null);

        if (item.Status == MetaStatus.Error)
        {
            (reason, exception) = ("error", new FormatException(item.Error));
            return false;
        }

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
            // The value was written without a part of its state.
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
            // A custom format may throw any exception for foreign bytes.
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

    // The first codec of a type stays.
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
