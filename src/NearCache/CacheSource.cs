namespace NearCache;

/// <summary>Where a value came from.</summary>
public enum CacheSource
{
    /// <summary>Nowhere: it was a miss.</summary>
    None,

    /// <summary>The near tier of this process.</summary>
    Near,

    /// <summary>memcached.</summary>
    Remote,

    /// <summary>The caller's factory, in this process.</summary>
    Factory,

    /// <summary>
    /// This process, which had read or made it some time ago: memcached or the source could not be asked, or not in time, and the options
    /// allow it. It may have been replaced since; <c>MaxStaleness</c> does not bound it, <see cref="NearCacheOptions.StaleLifetime"/> does.
    /// </summary>
    Stale,
}
