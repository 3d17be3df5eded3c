namespace NearCache;

/// <summary>How large values are made smaller before they are sent. Every process reads each of them, whatever it writes itself.</summary>
public enum ValueCompression
{
    /// <summary>Not at all.</summary>
    None = 0,

    /// <summary>Brotli at its fastest: smaller than <see cref="Deflate"/> for text, and without a checksum.</summary>
    Brotli = 1,

    /// <summary>Deflate at its fastest, as zlib frames it (RFC 1950), with a checksum.</summary>
    Deflate = 2,
}
