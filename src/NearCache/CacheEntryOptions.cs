namespace NearCache;

/// <summary>What one call says about the value that it stores. Immutable, so one instance can serve all calls.</summary>
public sealed record CacheEntryOptions
{
    private readonly TimeSpan? _lifetime;
    private readonly TimeSpan? _missLifetime;
    private readonly TimeSpan? _factorySoftTimeout;
    private readonly TimeSpan? _factoryTimeout;
    private readonly TimeSpan? _staleLifetime;
    private readonly double? _eagerRefresh;

    /// <summary>How long memcached keeps the value, in whole seconds, at least one.</summary>
    /// <value>Null, the default: <c>ItemLifetime</c> of the options (an hour).</value>
    /// <exception cref="ArgumentOutOfRangeException">Below a second.</exception>
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
    /// How long a null that a factory returned is kept: what is not there in the source. Whole seconds; zero: it is not kept, and the next
    /// call asks again.
    /// </summary>
    /// <value>Null, the default: what the key's rule says; if it says nothing, as any other value.</value>
    /// <exception cref="ArgumentOutOfRangeException">Negative, or between nothing and a second.</exception>
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
    /// How long a caller waits for a factory when there is a stale value to serve; the factory then goes on without it, and what it returns
    /// is stored.
    /// </summary>
    /// <value>Null, the default: <see cref="NearCacheOptions.FactorySoftTimeout"/>.</value>
    /// <exception cref="ArgumentOutOfRangeException">Not positive.</exception>
    public TimeSpan? FactorySoftTimeout
    {
        get => _factorySoftTimeout;
        init => _factorySoftTimeout = Positive(value, nameof(FactorySoftTimeout));
    }

    /// <summary>
    /// How long a factory may take altogether, the wait for its turn included; then its token is cancelled and the callers get a stale
    /// value or <see cref="FactoryTimeoutException"/>.
    /// </summary>
    /// <value>Null, the default: <see cref="NearCacheOptions.FactoryTimeout"/>.</value>
    /// <exception cref="ArgumentOutOfRangeException">Not positive.</exception>
    public TimeSpan? FactoryTimeout
    {
        get => _factoryTimeout;
        init => _factoryTimeout = Positive(value, nameof(FactoryTimeout));
    }

    /// <summary>
    /// How old a value may be that is served in the place of one that could not be had, and is marked as stale; zero: never.
    /// </summary>
    /// <value>Null, the default: <see cref="NearCacheOptions.StaleLifetime"/>.</value>
    /// <exception cref="ArgumentOutOfRangeException">Negative, or above seven days.</exception>
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
    /// After which part of its lifetime a value is fetched from the source again, in the background, before it ends: 0.8 is after four
    /// fifths. Zero: never.
    /// </summary>
    /// <value>Null, the default: <see cref="NearCacheOptions.EagerRefresh"/>.</value>
    /// <exception cref="ArgumentOutOfRangeException">Below 0, or 1 and above.</exception>
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
