using System.Text.Json;

namespace NearCache;

/// <summary>
/// Defines the format of values on memcached: their bytes, and the 32 client flags that describe the bytes. Set as
/// <see cref="NearCacheOptions.ValueFormat"/>.
/// </summary>
/// <remarks>
/// For the values of another client that <see cref="StoredFormat"/> does not support. One instance serves all threads. Entries of
/// <c>HybridCache</c> and <c>IDistributedCache</c>, counters, locks and tags have NearCache's own format in every case.
/// <c>docs/migration.md</c> has an example.
/// </remarks>
public interface IValueFormat
{
    /// <summary>
    /// Gets the client flags of a null of any type, which has no bytes. They must differ from the flags of every codec, and from 0: an
    /// empty item with flags 0 may be the placeholder of a fill.
    /// </summary>
    uint NullFlags { get; }

    /// <summary>
    /// Creates the codec of a type. Called when the first value of the type is read or written; the result is used from then on.
    /// </summary>
    /// <param name="json"><see cref="NearCacheOptions.Json"/>, or the defaults of the serializer.</param>
    /// <exception cref="NotSupportedException">
    /// The format does not support the type. The call of the cache throws this exception.
    /// </exception>
    ValueCodec<T> CodecFor<T>(JsonSerializerOptions json);

    /// <summary>Returns what an item is to a reader. Called for each item that is read; must not throw.</summary>
    /// <param name="found">The client flags of the item.</param>
    /// <param name="written">The <see cref="ValueCodec{T}.ClientFlags"/> of the codec of the requested type.</param>
    ValueMatch Match(uint found, uint written);
}

/// <summary>Specifies what an item is to a reader of a given type.</summary>
public enum ValueMatch
{
    /// <summary>An item of another client or of a newer format: a miss, counted with the reason <c>foreign</c>.</summary>
    Foreign = 0,

    /// <summary>A value of another type: a miss, counted with the reason <c>kind</c>.</summary>
    OtherKind = 1,

    /// <summary>A null; its bytes are ignored.</summary>
    Null = 2,

    /// <summary>Bytes that the codec can read.</summary>
    Value = 3,
}
