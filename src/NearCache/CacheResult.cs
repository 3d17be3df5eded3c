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
