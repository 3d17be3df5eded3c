using System.Text.Json;
using NearCache.Memcached.Protocol;

namespace NearCache.Remote;

/// <summary>Values to items and back: chooses the codec of a type, and says in the client flags what it wrote.</summary>
internal sealed class ValueFormat(IValueFormat format, JsonSerializerOptions json, TimeProvider time)
{
    private readonly Lock _lock = new();   // guards the replacing of the codecs
    private volatile object?[] _codecs = [];   // by the numbers of their types; replaced, never changed

    /// <summary>Adds a codec for a type of NearCache's own, before anything is read or written.</summary>
    public void Use<T>(ValueCodec<T> codec) => Add(codec);

    /// <summary>The format that a setting names.</summary>
    public static IValueFormat Of(StoredFormat format) => format switch
    {
        StoredFormat.Raw => new RawFormat(),
        StoredFormat.EnyimDefault => new EnyimFormat(),
        _ => new EnvelopeFormat(),
    };

    /// <summary>The codec of a type.</summary>
    /// <exception cref="NotSupportedException">The serializer options know no such type.</exception>
    public ValueCodec<T> CodecOf<T>()
    {
        var (codecs, number) = (_codecs, TypeNumber<T>.Value);
        return number < codecs.Length && codecs[number] is { } codec ? (ValueCodec<T>)codec : Add(format.CodecFor<T>(json));
    }

    /// <summary>The command that stores a value.</summary>
    /// <exception cref="ArgumentException">The value cannot be written without loss.</exception>
    /// <exception cref="NotSupportedException">The serializer options know no such type.</exception>
    public MetaCommand Set<T>(byte[] key, T value, TimeSpan lifetime)
    {
        var codec = CodecOf<T>();
        var command = value is null ? MetaCommand.Set(key, default) : MetaCommand.Set(key, codec.Encode(value));
        return command with
        {
            ClientFlags = value is null ? format.NullFlags : codec.ClientFlags,
            TimeToLive = Expiry.Of(lifetime, time),
        };
    }

    /// <summary>Whether an item holds nothing but the news that somebody has been told to fill it. A value, empty or null, that somebody has been told to refresh has flags.</summary>
    public static bool IsPlaceHolder(in MetaResponse item) => item is { Value.IsEmpty: true, ClientFlags: 0 } && (item.IsWinner || item.IsWonByAnother);

    /// <summary>Reads an item's value. False: it is not there, or (with a reason) not one that can be read as a <typeparamref name="T"/>.</summary>
    public bool TryRead<T>(in MetaResponse item, out T? value, out string? reason, out Exception? exception)
    {
        (value, reason, exception) = (default, null, null);

        if (item.Status != MetaStatus.Ok || IsPlaceHolder(item))
        {
            return false;
        }

        var codec = CodecOf<T>();
        switch (format.Match(item.ClientFlags, codec.ClientFlags))
        {
            case ValueMatch.Foreign:
                reason = "foreign";
                return false;
            case ValueMatch.Null:
                reason = default(T) is null ? null : "kind";
                return reason is null;
            case ValueMatch.OtherKind:
                reason = "kind";
                return false;
        }

        try
        {
            value = codec.Decode(item.Value);
            return true;
        }
        catch (Exception e) when (e is JsonException or NotSupportedException or FormatException or InvalidOperationException)
        {
            (reason, exception) = ("content", e);
            return false;
        }
    }

    // The first of a type stays.
    private ValueCodec<T> Add<T>(ValueCodec<T> codec)
    {
        lock (_lock)
        {
            var number = TypeNumber<T>.Value;
            var codecs = _codecs;
            Array.Resize(ref codecs, Math.Max(codecs.Length, number + 1));
            var first = codecs[number] ??= codec;
            _codecs = codecs;
            return (ValueCodec<T>)first;
        }
    }
}
