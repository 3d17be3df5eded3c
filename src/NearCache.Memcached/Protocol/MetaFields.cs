namespace NearCache.Memcached.Protocol;

/// <summary>What a reply shall carry.</summary>
[Flags]
public enum MetaFields
{
    /// <summary>The status only.</summary>
    None = 0,

    /// <summary>v: the value.</summary>
    Value = 1,

    /// <summary>f: the client flags.</summary>
    ClientFlags = 2,

    /// <summary>c: the CAS.</summary>
    Cas = 4,

    /// <summary>t: seconds left to live.</summary>
    TimeToLive = 8,

    /// <summary>l: seconds since the last access.</summary>
    LastAccess = 16,

    /// <summary>s: the value's size.</summary>
    Size = 32,

    /// <summary>h: whether it was read before.</summary>
    WasHit = 64,
}
