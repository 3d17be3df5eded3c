namespace NearCache;

/// <summary>Which write a value was read from: what <see cref="INearCache.CompareAndSetAsync{T}"/> compares.</summary>
/// <remarks>
/// A memcached CAS id together with an identity of the server's contents, since CAS ids begin again at 1 when a server restarts.
/// </remarks>
public readonly record struct CacheVersion
{
    internal CacheVersion(ulong cas, int epoch)
    {
        Cas = cas;
        Epoch = epoch;
    }

    /// <summary>No version: a miss, or a value that came from a factory.</summary>
    public static CacheVersion None => default;

    internal ulong Cas { get; }

    internal int Epoch { get; }
}
