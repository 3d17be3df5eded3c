namespace NearCache.Memcached.Protocol;

/// <summary>The first line of a reply. After <see cref="MetaReplyCode.Value"/> so many bytes and a line end follow.</summary>
internal struct MetaReply
{
    /// <summary>What the line begins with.</summary>
    public MetaReplyCode Code;

    /// <summary>h0/h1, W, Z, X.</summary>
    public MetaReplyFlags Flags;

    /// <summary>The fields that the line carries, the value among them.</summary>
    public MetaFields Fields;

    /// <summary>The bytes of the value that follows.</summary>
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

    /// <summary>O, when <see cref="MetaReplyFlags.HasOpaque"/>.</summary>
    public ulong Opaque;

    /// <summary>The whole line of an error.</summary>
    public string? Error;
}

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
