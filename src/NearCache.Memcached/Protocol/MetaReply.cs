namespace NearCache.Memcached.Protocol;

/// <summary>
/// Represents the first line of a reply. After <see cref="MetaReplyCode.Value"/>, <see cref="Length"/> bytes and a line end follow.
/// </summary>
internal struct MetaReply
{
    /// <summary>The code at the start of the line.</summary>
    public MetaReplyCode Code;

    /// <summary>The flags h1, W, Z and X.</summary>
    public MetaReplyFlags Flags;

    /// <summary>The fields of the line, including the value.</summary>
    public MetaFields Fields;

    /// <summary>The length of the value that follows, in bytes.</summary>
    public int Length;

    /// <summary>f</summary>
    public uint ClientFlags;

    /// <summary>c</summary>
    public ulong Cas;

    /// <summary>t</summary>
    public int TimeToLive;

    /// <summary>l</summary>
    public int LastAccess;

    /// <summary>s</summary>
    public int Size;

    /// <summary>The opaque number (O), if <see cref="MetaReplyFlags.HasOpaque"/> is set.</summary>
    public ulong Opaque;

    /// <summary>The complete line of an error.</summary>
    public string? Error;
}

/// <summary>Specifies the code at the start of a reply.</summary>
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

    /// <summary>ERROR, with or without text</summary>
    UnknownCommand,
}

/// <summary>Specifies the flags of a reply that carry no number.</summary>
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

    /// <summary>O is present.</summary>
    HasOpaque = 16,
}
