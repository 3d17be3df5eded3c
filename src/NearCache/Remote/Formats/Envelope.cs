namespace NearCache.Remote.Formats;

/// <summary>The meaning of an item's 32 client flags: written by NearCache, with a format, a kind of value, and a compression.</summary>
/// <remarks>
/// From the highest bit: 16 bits 0x4E43 ("NC"), 8 bits format, 2 bits <see cref="ValueCompression"/>, 6 bits <see cref="ValueKind"/>. The
/// value itself has no header unless it is compressed, so other memcached clients can read it. docs/formats.md, "Values".
/// </remarks>
internal readonly record struct Envelope(ValueKind Kind, ValueCompression Compression = ValueCompression.None)
{
    private const uint Mark = 0x4E43;
    private const uint Format = 1;
    private const int CompressionShift = 6;
    private const uint KindMask = (1 << CompressionShift) - 1;

    public uint ToClientFlags() => (Mark << 16) | (Format << 8) | ((uint)Compression << CompressionShift) | (uint)Kind;

    /// <summary>Reads client flags. Returns false if the value is foreign or of a newer format.</summary>
    public static bool TryRead(uint clientFlags, out Envelope envelope)
    {
        envelope = new Envelope((ValueKind)(clientFlags & KindMask), (ValueCompression)((clientFlags & 0xFF) >> CompressionShift));
        return clientFlags >> 8 == ((Mark << 8) | Format)
            && envelope.Kind <= ValueKind.HybridFields
            && envelope.Compression <= ValueCompression.Deflate;
    }

    /// <summary>Returns whether these are the flags of a compressed value.</summary>
    public static bool IsCompressed(uint clientFlags) =>
        clientFlags >> 8 == ((Mark << 8) | Format) && (clientFlags & (0xFF & ~KindMask)) != 0 && TryRead(clientFlags, out _);
}
