namespace NearCache;

/// <summary>Specifies the result of a read when memcached fails.</summary>
public enum RemoteFailurePolicy
{
    /// <summary>The read is a miss; the failure is counted and logged.</summary>
    Miss = 0,

    /// <summary>The read throws <see cref="NearCacheException"/>.</summary>
    Throw = 1,

    /// <summary>
    /// The read returns the last value known to this process, if it is no older than <see cref="NearCacheOptions.StaleLifetime"/>;
    /// otherwise it is a miss. The result is marked as stale (<see cref="CacheResult{T}.IsStale"/>), and no factory runs.
    /// </summary>
    ServeStale = 2,
}
