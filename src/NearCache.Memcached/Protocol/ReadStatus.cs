namespace NearCache.Memcached.Protocol;

/// <summary>How reading a message went.</summary>
internal enum ReadStatus
{
    /// <summary>It was read.</summary>
    Done,

    /// <summary>It has not wholly arrived.</summary>
    Incomplete,

    /// <summary>It is none: the stream's position is lost.</summary>
    Malformed,
}
