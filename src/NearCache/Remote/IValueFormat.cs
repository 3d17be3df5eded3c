using System.Text.Json;

namespace NearCache.Remote;

/// <summary>Decides how values become bytes with client flags, and which flags mean what.</summary>
internal interface IValueFormat
{
    /// <summary>What stands for a null of any type; no bytes go with it.</summary>
    uint NullFlags { get; }

    /// <summary>The codec of a type; asked once for each.</summary>
    /// <exception cref="NotSupportedException">The serializer options know no such type.</exception>
    ValueCodec<T> CodecFor<T>(JsonSerializerOptions json);

    /// <summary>What an item with these flags is to a codec that writes those. Asked for every item that is read.</summary>
    ValueMatch Match(uint found, uint written);
}
