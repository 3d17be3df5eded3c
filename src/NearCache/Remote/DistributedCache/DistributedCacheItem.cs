using System.Buffers.Binary;
using NearCache.Memcached.Protocol;

namespace NearCache.Remote.DistributedCache;

/// <summary>
/// An item as it stands in an <c>IDistributedCache</c>, which keeps bytes alone: what memcached keeps beside the value stands before it.
/// </summary>
/// <remarks>docs/formats.md, "Items in another remote".</remarks>
internal static class DistributedCacheItem
{
    private const int Header = 15;
    private const byte Format = 1;

    /// <summary>The bytes of an item.</summary>
    /// <param name="command">Says the value and the flags.</param>
    /// <param name="end">When the item ends; null: never.</param>
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

    /// <summary>Reads an item. False: it is somebody else's, or of a newer format, and as good as none.</summary>
    public static bool TryRead(byte[] bytes, DateTimeOffset now, out MetaResponse item)
    {
        item = default;
        if (bytes.Length < Header || !bytes.AsSpan(0, 2).SequenceEqual("NC"u8) || bytes[2] != Format)
        {
            return false;
        }

        // By this machine's clock, so it never ends an item, which the vendor does; it only ends what is near.
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
