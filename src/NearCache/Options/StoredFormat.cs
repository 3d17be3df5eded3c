namespace NearCache;

/// <summary>Specifies the format of values on memcached. All processes and other clients that share keys need the same format.</summary>
public enum StoredFormat
{
    /// <summary>
    /// NearCache's own format: strings and bytes unchanged, other values as JSON, marked by the client flags. Values of other clients are
    /// counted misses.
    /// </summary>
    Envelope = 0,

    /// <summary>
    /// The same bytes without flags; an item is read as the requested type. For other clients that write plain text, bytes or JSON.
    /// </summary>
    Raw = 1,

    /// <summary>The format of EnyimMemcachedCore's default transcoder: type codes in the client flags, objects as BSON.</summary>
    EnyimDefault = 2,
}

/// <summary>Specifies the compression of large values. Every process reads all of them, whatever it writes itself.</summary>
public enum ValueCompression
{
    /// <summary>No compression.</summary>
    None = 0,

    /// <summary>Brotli at its fastest level: smaller than <see cref="Deflate"/> for text, without a checksum.</summary>
    Brotli = 1,

    /// <summary>Deflate at its fastest level in the zlib format (RFC 1950), with a checksum.</summary>
    Deflate = 2,
}

/// <summary>Specifies the handling of a key that exceeds memcached's limit of 250 bytes including the prefix.</summary>
public enum LongKeyPolicy
{
    /// <summary>The call throws <see cref="ArgumentException"/> before anything is sent.</summary>
    Refuse = 0,

    /// <summary>The item is stored under the first 100 bytes of the key and its SHA-256; see <c>docs/keys.md</c>.</summary>
    Hash = 1,
}
