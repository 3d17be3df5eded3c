using System.Text.Json;

namespace NearCache;

/// <summary>
/// Decides how values stand on memcached: their bytes, and the 32 client flags beside them that say how the bytes were made. Set as
/// <see cref="NearCacheOptions.ValueFormat"/>.
/// </summary>
/// <remarks>
/// For the values of another client that <see cref="StoredFormat"/> does not know. One format serves all threads. What <c>HybridCache</c>
/// and <c>IDistributedCache</c> store, counters, locks and tags are NearCache's own in every format. <c>docs/migration.md</c> shows one.
/// </remarks>
public interface IValueFormat
{
    /// <summary>
    /// The flags of a null of any type; no bytes go with them. They must be other flags than those of every codec, and not 0: an empty item
    /// with the flags 0 may be the place holder of a fill.
    /// </summary>
    uint NullFlags { get; }

    /// <summary>
    /// Makes the codec of a type. Called when the first value of the type is read or written, and its result is used from then on.
    /// </summary>
    /// <param name="json"><see cref="NearCacheOptions.Json"/>, or the serializer's own defaults.</param>
    /// <exception cref="NotSupportedException">The format has no values of this type; the call of the cache throws it, too.</exception>
    ValueCodec<T> CodecFor<T>(JsonSerializerOptions json);

    /// <summary>What an item is to a reader. Called for each item that is read; it must not throw.</summary>
    /// <param name="found">The item's flags.</param>
    /// <param name="written">The <see cref="ValueCodec{T}.ClientFlags"/> of the codec of the type that is asked for.</param>
    ValueMatch Match(uint found, uint written);
}

/// <summary>What an item is to whoever asks for it as a type.</summary>
public enum ValueMatch
{
    /// <summary>Somebody else's, or of a newer format: a miss, counted with the reason <c>foreign</c>.</summary>
    Foreign = 0,

    /// <summary>Of another type: a miss, counted with the reason <c>kind</c>.</summary>
    OtherKind = 1,

    /// <summary>A null; its bytes are not looked at.</summary>
    Null = 2,

    /// <summary>Bytes that the codec reads.</summary>
    Value = 3,
}
