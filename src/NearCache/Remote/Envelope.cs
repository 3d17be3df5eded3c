namespace NearCache.Remote;

/// <summary>What the 32 client flags of an item say about its bytes: that NearCache wrote them, in which format, and as what.</summary>
/// <remarks>
/// From the highest bit: 16 bits 0x4E43 ("NC"), 8 bits format, 8 bits <see cref="ValueKind"/>. The value itself has no header, so other memcached clients can read it.
/// docs/formats.md, "Values".
/// </remarks>
internal readonly record struct Envelope(ValueKind Kind)
{
    private const uint Mark = 0x4E43;
    private const uint Format = 1;

    public uint ToClientFlags() => (Mark << 16) | (Format << 8) | (uint)Kind;

    /// <summary>False: somebody else's value, or a newer format.</summary>
    public static bool TryRead(uint clientFlags, out Envelope envelope)
    {
        var kind = (ValueKind)(clientFlags & 0xFF);
        envelope = new Envelope(kind);
        return clientFlags >> 8 == ((Mark << 8) | Format) && kind <= ValueKind.Distributed;
    }
}
