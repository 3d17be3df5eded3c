namespace NearCache;

/// <summary>What a read does when memcached cannot be asked.</summary>
public enum RemoteFailurePolicy
{
    /// <summary>The read counts as a miss; the failure is counted and logged.</summary>
    Miss = 0,

    /// <summary>The read throws <c>NearCacheException</c>.</summary>
    Throw = 1,
}
