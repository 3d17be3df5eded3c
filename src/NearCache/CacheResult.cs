using System.Diagnostics.CodeAnalysis;

namespace NearCache;

/// <summary>The result of a read: the value, if there is one, with its source and age.</summary>
/// <typeparam name="T">The type of the value.</typeparam>
public readonly struct CacheResult<T>
{
    internal CacheResult(T value, CacheSource source, int ageMilliseconds, CacheVersion version)
    {
        Value = value;
        Source = source;
        AgeMilliseconds = ageMilliseconds;
        Version = version;
    }

    /// <summary>Gets a value indicating whether the read found a value. A stored null is a value.</summary>
    public bool HasValue => Source != CacheSource.None;

    /// <summary>Gets the value, or the default of the type on a miss.</summary>
    [MaybeNull]
    public T Value { get; }

    /// <summary>Gets the source of the value.</summary>
    public CacheSource Source { get; }

    /// <summary>Gets a value indicating whether the value is stale, that is, its source is <see cref="CacheSource.Stale"/>.</summary>
    public bool IsStale => Source == CacheSource.Stale;

    /// <summary>
    /// Gets the time since a near value was read from memcached, or since a stale value was read or created. Zero for every other source.
    /// The resolution is one millisecond.
    /// </summary>
    public TimeSpan Age => TimeSpan.FromMilliseconds(AgeMilliseconds);

    /// <summary>Gets <see cref="Age"/> in milliseconds.</summary>
    internal int AgeMilliseconds { get; }

    /// <summary>Gets the version of the value, for <see cref="INearCache.CompareAndSetAsync{T}"/>.</summary>
    public CacheVersion Version { get; }

    /// <summary>Returns the same result with another instance of the value.</summary>
    internal CacheResult<T> With(T value) => new(value, Source, AgeMilliseconds, Version);
}

/// <summary>Specifies the source of a value.</summary>
public enum CacheSource
{
    /// <summary>There is no value: the read was a miss.</summary>
    None,

    /// <summary>The near tier of this process.</summary>
    Near,

    /// <summary>The remote tier: memcached.</summary>
    Remote,

    /// <summary>The factory of a caller in this process.</summary>
    Factory,

    /// <summary>
    /// An earlier value that this process kept, served because memcached or the source failed or was too slow. It may have been replaced
    /// since. Its age is bounded by <see cref="NearCacheOptions.StaleLifetime"/>, not by <c>MaxStaleness</c>.
    /// </summary>
    Stale,
}
