namespace NearCache;

/// <summary>How values stand on memcached. Every process and every other client that shares keys must have the same.</summary>
public enum StoredFormat
{
    /// <summary>
    /// NearCache's own: strings and bytes as they are, all else as JSON; the client flags say which. Values of others are counted misses.
    /// </summary>
    Envelope = 0,

    /// <summary>
    /// The same bytes without the flags: whatever stands there is read as what it is asked for. For other clients that write plain text,
    /// bytes or JSON.
    /// </summary>
    Raw = 1,

    /// <summary>What EnyimMemcachedCore's default transcoder reads and writes: type codes in the client flags, objects as BSON.</summary>
    EnyimDefault = 2,
}

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

/// <summary>What is done with a key that is longer than the 250 bytes that memcached takes, the prefix included.</summary>
public enum LongKeyPolicy
{
    /// <summary>The call throws <see cref="ArgumentException"/> before anything is sent.</summary>
    Refuse = 0,

    /// <summary>The item stands under the first 100 bytes of the key and the SHA-256 of all of it: <c>docs/keys.md</c>.</summary>
    Hash = 1,
}
