using NearCache.Reading;

namespace NearCache.Creating;

/// <summary>The effective options of one creation: those of the call, completed by those of the cache.</summary>
/// <param name="Lifetime">The lifetime on memcached.</param>
/// <param name="MissLifetime">The lifetime of a null; null to use the rule, or the lifetime of other values.</param>
/// <param name="SoftTimeout">The wait before a stale value is served.</param>
/// <param name="Timeout">The time limit of the factory.</param>
/// <param name="StaleLifetime">The greatest age of a stale value.</param>
/// <param name="EagerRefresh">The fraction of the lifetime after which a value is refreshed.</param>
internal readonly record struct FillPolicy(
    TimeSpan Lifetime, TimeSpan? MissLifetime, TimeSpan? SoftTimeout, TimeSpan? Timeout, TimeSpan StaleLifetime, double EagerRefresh)
{
    // The longest period of a timer.
    private const uint LongestMilliseconds = uint.MaxValue - 1;

    public bool MayServeStale => StaleLifetime > TimeSpan.Zero;

    /// <summary>
    /// Gets the remaining seconds below which memcached lets one caller of the fleet refresh; null for none. memcached counts whole
    /// seconds, so the caller is notified up to one second early and waits for the rest.
    /// </summary>
    public int? RefreshBefore => EagerRefresh > 0 ? (int)Math.Min(Math.Ceiling(SecondsAtRefresh) + 1, int.MaxValue) : null;

    private double SecondsAtRefresh => Lifetime.TotalSeconds * (1 - EagerRefresh);

    public static FillPolicy Of(CacheEntryOptions? entry, NearCacheOptions options) => entry is null
        ? new FillPolicy(
            options.ItemLifetime,
            null,
            LimitOf(options.FactorySoftTimeout),
            LimitOf(options.FactoryTimeout),
            options.StaleLifetime,
            options.EagerRefresh)
        : new FillPolicy(
            entry.Lifetime ?? options.ItemLifetime,
            entry.MissLifetime,
            LimitOf(entry.FactorySoftTimeout ?? options.FactorySoftTimeout),
            LimitOf(entry.FactoryTimeout ?? options.FactoryTimeout),
            entry.StaleLifetime ?? options.StaleLifetime,
            entry.EagerRefresh ?? options.EagerRefresh);

    /// <summary>Returns a time limit, or null if it is longer than a timer can measure, 49 days, and therefore none.</summary>
    public static TimeSpan? LimitOf(TimeSpan? limit) => limit?.TotalMilliseconds > LongestMilliseconds ? null : limit;

    /// <summary>
    /// Returns the lifetime of a factory's result, shortened at random so that values stored together do not expire together.
    /// </summary>
    public TimeSpan LifetimeOf(bool isNull, TimeSpan? missLifetimeOfRule, double jitter)
    {
        var lifetime = isNull ? MissLifetime ?? missLifetimeOfRule ?? Lifetime : Lifetime;
        return lifetime <= TimeSpan.FromSeconds(1)
            ? lifetime
            : Max(TimeSpan.FromSeconds(1), lifetime * (1 - (jitter * Random.Shared.NextDouble())));
    }

    /// <summary>Returns the delay of the refresh of an item with this remaining lifetime.</summary>
    public TimeSpan RefreshIn(int secondsLeft) => Max(TimeSpan.Zero, TimeSpan.FromSeconds(secondsLeft - SecondsAtRefresh));

    /// <summary>Limits a fill to the time of the next refresh, so that a caller notices it.</summary>
    public NearFill? Limit(NearFill? fill, int secondsLeft) => EagerRefresh > 0 && fill is { } kept && secondsLeft > SecondsAtRefresh
        ? kept with { Limit = Math.Min(kept.Limit, (long)RefreshIn(secondsLeft).TotalMilliseconds) }
        : fill;

    private static TimeSpan Max(TimeSpan one, TimeSpan other) => one > other ? one : other;
}
