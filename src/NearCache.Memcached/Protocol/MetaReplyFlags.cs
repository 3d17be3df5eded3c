namespace NearCache.Memcached.Protocol;

/// <summary>What a reply says by a letter alone.</summary>
[Flags]
internal enum MetaReplyFlags : byte
{
    None = 0,

    /// <summary>h1</summary>
    WasHit = 1,

    /// <summary>W</summary>
    Winner = 2,

    /// <summary>Z</summary>
    WonByAnother = 4,

    /// <summary>X</summary>
    Stale = 8,

    /// <summary>O was repeated.</summary>
    HasOpaque = 16,
}
