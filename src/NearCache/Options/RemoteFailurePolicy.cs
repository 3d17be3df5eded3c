namespace NearCache;

/// <summary>What a read does when memcached cannot be asked.</summary>
public enum RemoteFailurePolicy
{
    /// <summary>The read counts as a miss; the failure is counted and logged.</summary>
    Miss = 0,

    /// <summary>The read throws <c>NearCacheException</c>.</summary>
    Throw = 1,

    /// <summary>
    /// The read is answered with the last value that this process knew, if that is no older than
    /// <see cref="NearCacheOptions.StaleLifetime"/>: it is marked as stale (<see cref="CacheResult{T}.IsStale"/>), and no factory runs.
    /// There is none: a miss.
    /// </summary>
    ServeStale = 2,
}
