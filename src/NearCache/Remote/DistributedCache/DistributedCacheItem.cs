using System.Buffers.Binary;
using NearCache.Memcached.Protocol;

namespace NearCache.Remote.DistributedCache;

/// <summary>
/// The format of an item in an <c>IDistributedCache</c>, which stores only bytes: a header holds what memcached stores beside the value.
/// </summary>
/// <remarks>docs/formats.md, "Items in another remote".</remarks>
internal static class DistributedCacheItem
{
    private const int Header = 15;
    private const byte Format = 1;

    /// <summary>Returns the bytes of an item.</summary>
    /// <param name="command">The value and the flags.</param>
    /// <param name="end">The expiration; null for none.</param>
    public static byte[] Write(in MetaCommand command, DateTimeOffset? end)
    {
        var bytes = new byte[Header + command.Value.Length];
        "NC"u8.CopyTo(bytes);
        bytes[2] = Format;
        BinaryPrimitives.WriteUInt32BigEndian(bytes.AsSpan(3), command.ClientFlags);
        BinaryPrimitives.WriteInt64BigEndian(bytes.AsSpan(7), end?.ToUnixTimeMilliseconds() ?? 0);
        command.Value.Span.CopyTo(bytes.AsSpan(Header));
        return bytes;
    }

    /// <summary>Reads an item. Returns false if it is foreign or of a newer format, which is treated as absent.</summary>
    public static bool TryRead(byte[] bytes, DateTimeOffset now, out MetaResponse item)
    {
        item = default;
        if (bytes.Length < Header || !bytes.AsSpan(0, 2).SequenceEqual("NC"u8) || bytes[2] != Format)
        {
            return false;
        }

        // By the clock of this machine. It bounds near entries only; the vendor's cache expires the item.
        var end = BinaryPrimitives.ReadInt64BigEndian(bytes.AsSpan(7));
        var left = end == 0 ? -1 : Math.Clamp((end - now.ToUnixTimeMilliseconds()) / 1000, 0, int.MaxValue);
        item = new MetaResponse
        {
            Status = MetaStatus.Ok,
            Value = bytes.AsMemory(Header),
            ClientFlags = BinaryPrimitives.ReadUInt32BigEndian(bytes.AsSpan(3)),
            TimeToLive = (int)left,
        };
        return true;
    }
}
