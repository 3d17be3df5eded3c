namespace NearCache.Memcached.Protocol;

/// <summary>The modes of ms (flag M).</summary>
public enum MetaSetMode
{
    /// <summary>Stores whatever is there.</summary>
    Set,

    /// <summary>ME: only if the key is absent.</summary>
    Add,

    /// <summary>MR: only if the key is there.</summary>
    Replace,

    /// <summary>MA: behind the value that is there.</summary>
    Append,

    /// <summary>MP: before the value that is there.</summary>
    Prepend,
}
