using System.Buffers;
using System.Collections.Concurrent;
using System.Text.Json;
using Microsoft.Extensions.Caching.Hybrid;
using NearCache.Near;
using NearCache.Remote;

namespace NearCache.Hybrid;

/// <summary>Who writes values of a type: a serializer registered for it, else the last factory that has one, else text and bytes as they are, and all else as JSON.</summary>
internal sealed class HybridSerializers(IServiceProvider? services, IReadOnlyList<IHybridCacheSerializerFactory> factories, JsonSerializerOptions json, SharedTypes shared)
{
    private readonly ConcurrentDictionary<Type, object> _known = new();

    /// <exception cref="NotSupportedException">Nobody knows the type: register a serializer, or add it to the source-generated context of <see cref="NearCacheOptions.Json"/>.</exception>
    public IHybridCacheSerializer<T> For<T>() => (IHybridCacheSerializer<T>)(_known.TryGetValue(typeof(T), out var known) ? known : _known.GetOrAdd(typeof(T), Find<T>()));

    /// <summary>Whether all callers may have the same instance of a type.</summary>
    public bool Shares<T>() => shared.Has<T>();

    private IHybridCacheSerializer<T> Find<T>()
    {
        if (services?.GetService(typeof(IHybridCacheSerializer<T>)) is IHybridCacheSerializer<T> registered)
        {
            return registered;
        }

        for (var i = factories.Count - 1; i >= 0; i--)
        {
            if (factories[i].TryCreateSerializer<T>(out var made))
            {
                return made;
            }
        }

        return new OfCodec<T>(OwnCodecs.For<T>(json));
    }

    private sealed class OfCodec<T>(ValueCodec<T> codec) : IHybridCacheSerializer<T>
    {
        public T Deserialize(ReadOnlySequence<byte> source) => codec.Decode(source.IsSingleSegment ? source.First : source.ToArray());

        public void Serialize(T value, IBufferWriter<byte> target) => target.Write(codec.Encode(value).Span);
    }
}
