namespace NearCache.Memcached.Protocol;

/// <summary>The meta commands.</summary>
public enum MetaCommandKind
{
    /// <summary>mg</summary>
    Get,

    /// <summary>ms</summary>
    Set,

    /// <summary>md</summary>
    Delete,

    /// <summary>ma</summary>
    Arithmetic,

    /// <summary>mn</summary>
    NoOp,
}
