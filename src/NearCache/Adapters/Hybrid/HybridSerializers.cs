using System.Buffers;
using System.Collections.Concurrent;
using System.Text.Json;
using Microsoft.Extensions.Caching.Hybrid;
using NearCache.Near;
using NearCache.Remote.Formats;

namespace NearCache.Adapters.Hybrid;

/// <summary>
/// Selects the serializer of a type: a registered serializer, else the last factory that supports the type, else strings and bytes
/// unchanged, else JSON.
/// </summary>
internal sealed class HybridSerializers(
    IServiceProvider? services, IReadOnlyList<IHybridCacheSerializerFactory> factories, JsonSerializerOptions json, SharedTypes shared)
{
    private readonly ConcurrentDictionary<Type, object> _known = new();

    /// <summary>Returns the serializer of a type.</summary>
    /// <exception cref="NotSupportedException">
    /// No serializer supports the type. Register one, or add the type to the source-generated context of
    /// <see cref="NearCacheOptions.Json"/>.
    /// </exception>
    public HybridSerializer<T> For<T>() =>
        (HybridSerializer<T>)(_known.TryGetValue(typeof(T), out var known) ? known : _known.GetOrAdd(typeof(T), Find<T>()));

    /// <summary>Returns whether all callers may share one instance of a type.</summary>
    public bool Shares<T>() => shared.Has<T>();

    /// <summary>Verifies that values of a type can be written, before a value is created.</summary>
    /// <exception cref="NotSupportedException">Values of the type cannot be written.</exception>
    public void Require<T>() => For<T>().Require();

    /// <summary>Returns whether a type is written as <see cref="ValueKind.JsonFields"/>.</summary>
    public bool HasFields<T>() => For<T>().HasFields;

    /// <summary>Writes a value.</summary>
    /// <exception cref="NotSupportedException">The value cannot be written or read back.</exception>
    public void Write<T>(T value, ArrayBufferWriter<byte> output) => For<T>().Write(value, output);

    /// <summary>Reads a value.</summary>
    public T Read<T>(ReadOnlyMemory<byte> bytes) => For<T>().Read(bytes);

    private HybridSerializer<T> Find<T>()
    {
        if (services?.GetService(typeof(IHybridCacheSerializer<T>)) is IHybridCacheSerializer<T> registered)
        {
            return new HybridSerializer<T>(registered);
        }

        for (var i = factories.Count - 1; i >= 0; i--)
        {
            if (factories[i].TryCreateSerializer<T>(out var made))
            {
                return new HybridSerializer<T>(made);
            }
        }

        return new HybridSerializer<T>(EnvelopeCodecs.For<T>(json));
    }
}
