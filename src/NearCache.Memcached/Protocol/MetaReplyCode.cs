namespace NearCache.Memcached.Protocol;

/// <summary>What a reply begins with.</summary>
internal enum MetaReplyCode : byte
{
    /// <summary>HD</summary>
    Done,

    /// <summary>VA</summary>
    Value,

    /// <summary>EN</summary>
    Miss,

    /// <summary>NS</summary>
    NotStored,

    /// <summary>EX</summary>
    Exists,

    /// <summary>NF</summary>
    NotFound,

    /// <summary>MN</summary>
    NoOp,

    /// <summary>SERVER_ERROR …</summary>
    ServerError,

    /// <summary>CLIENT_ERROR …</summary>
    ClientError,

    /// <summary>ERROR, with or without words.</summary>
    UnknownCommand,
}
