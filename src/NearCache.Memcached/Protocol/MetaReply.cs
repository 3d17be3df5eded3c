namespace NearCache.Memcached.Protocol;

/// <summary>The first line of a reply. After <see cref="MetaReplyCode.Value"/> so many bytes and a line end follow.</summary>
internal struct MetaReply
{
    /// <summary>What the line begins with.</summary>
    public MetaReplyCode Code;

    /// <summary>h0/h1, W, Z, X.</summary>
    public MetaReplyFlags Marks;

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
