using System.Diagnostics.CodeAnalysis;

namespace NearCache;

/// <summary>What a read returned: the value if there was one, where it came from, and how old that is.</summary>
/// <typeparam name="T">The type of the value.</typeparam>
public readonly struct CacheResult<T>
{
    private readonly int _ageMilliseconds;

    internal CacheResult(T value, CacheSource source, int ageMilliseconds, CacheVersion version)
    {
        Value = value;
        Source = source;
        _ageMilliseconds = ageMilliseconds;
        Version = version;
    }

    /// <summary>Whether there was a value. A stored null is a value.</summary>
    public bool HasValue => Source != CacheSource.None;

    /// <summary>The value, or the type's default on a miss.</summary>
    [MaybeNull]
    public T Value { get; }

    /// <summary>Where the value came from.</summary>
    public CacheSource Source { get; }

    /// <summary>Whether it is an old value in the place of one that could not be had: <see cref="CacheSource.Stale"/>.</summary>
    public bool IsStale => Source == CacheSource.Stale;

    /// <summary>
    /// How long ago a near value was read from memcached, and a stale one read or made; zero for every other source. Milliseconds are its
    /// resolution.
    /// </summary>
    public TimeSpan Age => TimeSpan.FromMilliseconds(_ageMilliseconds);

    /// <summary>Which write was read, for <see cref="INearCache.CompareAndSetAsync{T}"/>.</summary>
    public CacheVersion Version { get; }

    /// <summary>The same with another instance of the value.</summary>
    internal CacheResult<T> With(T value) => new(value, Source, _ageMilliseconds, Version);
}

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
