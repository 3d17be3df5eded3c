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
}
