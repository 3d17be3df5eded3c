namespace NearCache.Memcached.Connections;

/// <summary>What an operation says to a reply.</summary>
internal enum AcceptResult
{
    /// <summary>It was the last one, and nobody waits for it, or was told.</summary>
    Finished,

    /// <summary>It was the last one, and the caller is still to be told.</summary>
    Ready,

    /// <summary>More are due.</summary>
    More,

    /// <summary>This operation cannot have such a reply: the stream's position is lost.</summary>
    Illegal,
}
