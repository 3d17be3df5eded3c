namespace NearCache;

/// <summary>The version of a stored value, compared by <see cref="INearCache.CompareAndSetAsync{T}"/>.</summary>
/// <remarks>
/// Combines a memcached CAS id with an identity of the server's contents, because CAS ids restart at 1 when a server restarts.
/// </remarks>
public readonly record struct CacheVersion
{
    internal CacheVersion(ulong cas, int epoch)
    {
        Cas = cas;
        Epoch = epoch;
    }

    /// <summary>Gets the empty version: that of a miss, and of a value that came from a factory.</summary>
    public static CacheVersion None => default;

    internal ulong Cas { get; }

    internal int Epoch { get; }
}
