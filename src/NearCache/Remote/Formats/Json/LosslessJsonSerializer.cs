using System.Text.Json;
using System.Text.Json.Serialization.Metadata;

namespace NearCache.Remote.Formats.Json;

/// <summary>Converts values of one type to JSON and back. A value that JSON cannot hold is refused when it is written.</summary>
internal sealed class LosslessJsonSerializer<T>
{
    private readonly JsonTypeInfo<T> _info;
    private readonly CollectionCheck? _check;

    /// <exception cref="NotSupportedException">The serializer options do not know the type.</exception>
    public LosslessJsonSerializer(JsonSerializerOptions options)
    {
        _info = JsonContracts.Of<T>(options);
        Shape = JsonTypeAnalysis.Of(typeof(T), options);
        _check = Shape.WhyRefused is null ? JsonContracts.CheckOf(typeof(T), options) : null;
    }

    /// <summary>Gets the analysis of the type.</summary>
    public JsonTypeAnalysis Shape { get; }

    /// <summary>Gets a value indicating whether values of the type are JSON arrays.</summary>
    public bool IsArray => _info.Kind == JsonTypeInfoKind.Enumerable;

    /// <exception cref="ArgumentException">The value cannot be written without loss.</exception>
    /// <exception cref="NotSupportedException">The type cannot be written without loss.</exception>
    public byte[] Write(T value)
    {
        if (Shape.WhyRefused is { } refused)
        {
            throw new NotSupportedException(refused);
        }

        return JsonContracts.Write(
            value, _check, static (value, info) => JsonSerializer.SerializeToUtf8Bytes(value, (JsonTypeInfo<T>)info), _info);
    }

    /// <exception cref="JsonException">The bytes are not a value of the type.</exception>
    public T Read(ReadOnlySpan<byte> bytes) => JsonSerializer.Deserialize(bytes, _info)!;
}
