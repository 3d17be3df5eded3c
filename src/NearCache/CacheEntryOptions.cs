namespace NearCache;

/// <summary>What one call says about the value that it stores. Immutable, so one instance can serve all calls.</summary>
public sealed record CacheEntryOptions
{
    private readonly TimeSpan? _lifetime;

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
}
