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
