using System.Buffers;
using Microsoft.Extensions.Caching.Hybrid;
using NearCache.Remote.Formats;
using NearCache.Remote.Formats.Json;

namespace NearCache.Adapters.Hybrid;

/// <summary>The serializer of one type.</summary>
internal abstract class HybridSerializer
{
    /// <summary>Estimates the memory of a value that is kept as an object.</summary>
    /// <param name="bytes">The serialized value.</param>
    public abstract long MemoryOf(ReadOnlyMemory<byte> bytes);
}

/// <summary>The serializer of one type: the application's, or the codec of the cache.</summary>
internal sealed class HybridSerializer<T> : HybridSerializer
{
    private static readonly uint WithFields = new Envelope(ValueKind.JsonFields).ToClientFlags();

    private readonly IHybridCacheSerializer<T>? _given;
    private readonly ValueCodec<T>? _codec;
    private readonly DecodedSize _size = new();
    private bool _hasReadBack;

    public HybridSerializer(IHybridCacheSerializer<T> given) => _given = given;

    public HybridSerializer(ValueCodec<T> codec) => _codec = codec;

    /// <summary>Gets a value indicating whether values are written as <see cref="ValueKind.JsonFields"/>.</summary>
    public bool HasFields => _codec?.ClientFlags == WithFields;

    /// <exception cref="NotSupportedException">Values of the type cannot be written.</exception>
    public void Require()
    {
        if (_codec?.WhyRefused is { } why)
        {
            throw new NotSupportedException(why);
        }
    }

    /// <summary>Writes a value. The first value is read back, which proves that the type is supported.</summary>
    /// <exception cref="NotSupportedException">The value cannot be read back.</exception>
    public void Write(T value, ArrayBufferWriter<byte> output)
    {
        var start = output.WrittenCount;
        if (_codec is not null)
        {
            output.Write(_codec.Encode(value).Span);
        }
        else
        {
            _given!.Serialize(value, output);
        }

        if (!_hasReadBack)
        {
            try
            {
                _ = Read(output.WrittenMemory[start..]);
            }
            catch (Exception e) when (e is not OutOfMemoryException)
            {
                throw new NotSupportedException(
                    $"A {TypeNames.Of(typeof(T))} was written, but cannot be read back, so it is not stored: {e.Message}", e);
            }

            _hasReadBack = true;
        }
    }

    public T Read(ReadOnlyMemory<byte> bytes)
    {
        Require();
        return _codec is not null ? _codec.Decode(bytes) : _given!.Deserialize(new ReadOnlySequence<byte>(bytes));
    }

    public override long MemoryOf(ReadOnlyMemory<byte> bytes) =>
        _size.Of(bytes, this, static (serializer, bytes) => serializer.Read(bytes));
}
