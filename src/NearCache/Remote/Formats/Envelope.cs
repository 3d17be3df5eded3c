namespace NearCache.Remote.Formats;

/// <summary>
/// What the 32 client flags of an item say about its bytes: that NearCache wrote them, in which format, as what, and how they were made
/// smaller.
/// </summary>
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

    /// <summary>False: somebody else's value, or a newer format.</summary>
    public static bool TryRead(uint clientFlags, out Envelope envelope)
    {
        envelope = new Envelope((ValueKind)(clientFlags & KindMask), (ValueCompression)((clientFlags & 0xFF) >> CompressionShift));
        return clientFlags >> 8 == ((Mark << 8) | Format)
            && envelope.Kind <= ValueKind.HybridFields
            && envelope.Compression <= ValueCompression.Deflate;
    }

    /// <summary>Whether these are the flags of a value that was made smaller.</summary>
    public static bool IsCompressed(uint clientFlags) =>
        clientFlags >> 8 == ((Mark << 8) | Format) && (clientFlags & (0xFF & ~KindMask)) != 0 && TryRead(clientFlags, out _);
}
