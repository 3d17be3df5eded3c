namespace NearCache;

/// <summary>Options of one stored value. Immutable, so one instance can serve all calls.</summary>
public sealed record CacheEntryOptions
{
    private readonly TimeSpan? _lifetime;
    private readonly TimeSpan? _missLifetime;
    private readonly TimeSpan? _factorySoftTimeout;
    private readonly TimeSpan? _factoryTimeout;
    private readonly TimeSpan? _staleLifetime;
    private readonly double? _eagerRefresh;

    /// <summary>Gets the time memcached keeps the value, in whole seconds.</summary>
    /// <value>Null, the default, uses <see cref="NearCacheOptions.ItemLifetime"/> (1 h). At least 1 s.</value>
    /// <exception cref="ArgumentOutOfRangeException">The value is less than one second.</exception>
    public TimeSpan? Lifetime
    {
        get => _lifetime;
        init
        {
            if (value is { } lifetime)
            {
                ArgumentOutOfRangeException.ThrowIfLessThan(lifetime, TimeSpan.FromSeconds(1), nameof(Lifetime));
            }

            _lifetime = value;
        }
    }

    /// <summary>
    /// Gets the time a null that a factory returned is cached, in whole seconds. A null stands for data that does not exist in the source.
    /// Zero disables caching of nulls.
    /// </summary>
    /// <value>Null, the default, uses the key's rule; without one, nulls live as long as other values.</value>
    /// <exception cref="ArgumentOutOfRangeException">The value is negative, or greater than zero and less than one second.</exception>
    public TimeSpan? MissLifetime
    {
        get => _missLifetime;
        init
        {
            if (value is { } lifetime && lifetime != TimeSpan.Zero)
            {
                ArgumentOutOfRangeException.ThrowIfLessThan(lifetime, TimeSpan.FromSeconds(1), nameof(MissLifetime));
            }

            _missLifetime = value;
        }
    }

    /// <summary>
    /// Gets the time a caller waits for a factory before it receives a stale value, if there is one. The factory continues, and its result
    /// is stored.
    /// </summary>
    /// <value>
    /// Null, the default, uses <see cref="NearCacheOptions.FactorySoftTimeout"/>. More than 49 days, such as
    /// <see cref="TimeSpan.MaxValue"/>, is no limit.
    /// </value>
    /// <exception cref="ArgumentOutOfRangeException">The value is not positive.</exception>
    public TimeSpan? FactorySoftTimeout
    {
        get => _factorySoftTimeout;
        init => _factorySoftTimeout = Positive(value, nameof(FactorySoftTimeout));
    }

    /// <summary>
    /// Gets the time limit of a factory, including the wait for its turn. After that its token is cancelled, and callers receive a stale
    /// value or <see cref="FactoryTimeoutException"/>.
    /// </summary>
    /// <value>
    /// Null, the default, uses <see cref="NearCacheOptions.FactoryTimeout"/>. More than 49 days, such as
    /// <see cref="TimeSpan.MaxValue"/>, is no limit.
    /// </value>
    /// <exception cref="ArgumentOutOfRangeException">The value is not positive.</exception>
    public TimeSpan? FactoryTimeout
    {
        get => _factoryTimeout;
        init => _factoryTimeout = Positive(value, nameof(FactoryTimeout));
    }

    /// <summary>
    /// Gets the greatest age of a stale value that is served when the current value is unavailable. Zero disables stale values.
    /// </summary>
    /// <value>Null, the default, uses <see cref="NearCacheOptions.StaleLifetime"/>.</value>
    /// <exception cref="ArgumentOutOfRangeException">The value is negative or greater than seven days.</exception>
    public TimeSpan? StaleLifetime
    {
        get => _staleLifetime;
        init
        {
            if (value is { } lifetime)
            {
                ArgumentOutOfRangeException.ThrowIfLessThan(lifetime, TimeSpan.Zero, nameof(StaleLifetime));
                ArgumentOutOfRangeException.ThrowIfGreaterThan(lifetime, NearCacheOptions.LongestStaleLifetime, nameof(StaleLifetime));
            }

            _staleLifetime = value;
        }
    }

    /// <summary>
    /// Gets the fraction of the lifetime after which a value is refreshed from the source in the background, before it expires. For
    /// example, 0.8 refreshes after four fifths. Zero disables eager refresh.
    /// </summary>
    /// <value>Null, the default, uses <see cref="NearCacheOptions.EagerRefresh"/>.</value>
    /// <exception cref="ArgumentOutOfRangeException">The value is negative, or 1 or greater.</exception>
    public double? EagerRefresh
    {
        get => _eagerRefresh;
        init
        {
            if (value is { } part)
            {
                ArgumentOutOfRangeException.ThrowIfNegative(part, nameof(EagerRefresh));
                ArgumentOutOfRangeException.ThrowIfGreaterThanOrEqual(part, 1, nameof(EagerRefresh));
            }

            _eagerRefresh = value;
        }
    }

    private static TimeSpan? Positive(TimeSpan? value, string name)
    {
        if (value is { } duration)
        {
            ArgumentOutOfRangeException.ThrowIfLessThanOrEqual(duration, TimeSpan.Zero, name);
        }

        return value;
    }
}
