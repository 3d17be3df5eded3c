namespace NearCache.Memcached.Protocol;

/// <summary>What a line of the classic protocol is to its <see cref="TextCommand"/>.</summary>
internal enum TextLineKind
{
    /// <summary>The whole answer.</summary>
    Only,

    /// <summary>More follow.</summary>
    OneOfMany,

    /// <summary>The end of the answer.</summary>
    End,

    /// <summary>The server refuses; nothing follows.</summary>
    Error,

    /// <summary>No answer to this command: the stream's position is lost.</summary>
    Illegal,
}
