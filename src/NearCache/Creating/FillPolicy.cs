using NearCache.Reading;

namespace NearCache.Creating;

/// <summary>How one call creates what is missing: what it says itself, and for the rest the options of the cache.</summary>
/// <param name="Lifetime">How long memcached keeps the value.</param>
/// <param name="MissLifetime">How long it keeps a null; null: the rule says, or as any value.</param>
/// <param name="SoftTimeout">After so long a stale value will do.</param>
/// <param name="Timeout">After so long the factory is given up.</param>
/// <param name="StaleLifetime">How old a stale value may be.</param>
/// <param name="EagerRefresh">After which part of its lifetime a value is refreshed.</param>
internal readonly record struct FillPolicy(
    TimeSpan Lifetime, TimeSpan? MissLifetime, TimeSpan? SoftTimeout, TimeSpan? Timeout, TimeSpan StaleLifetime, double EagerRefresh)
{
    public bool MayServeStale => StaleLifetime > TimeSpan.Zero;

    /// <summary>
    /// With fewer seconds left than this one caller of the fleet is told to refresh; null: none is. memcached counts whole seconds: it is
    /// told up to a second early, and waits for the rest.
    /// </summary>
    public int? RefreshBefore => EagerRefresh > 0 ? (int)Math.Ceiling(SecondsAtRefresh) + 1 : null;

    private double SecondsAtRefresh => Lifetime.TotalSeconds * (1 - EagerRefresh);

    public static FillPolicy Of(CacheEntryOptions? entry, NearCacheOptions options) => entry is null
        ? new FillPolicy(
            options.ItemLifetime, null, options.FactorySoftTimeout, options.FactoryTimeout, options.StaleLifetime, options.EagerRefresh)
        : new FillPolicy(
            entry.Lifetime ?? options.ItemLifetime,
            entry.MissLifetime,
            entry.FactorySoftTimeout ?? options.FactorySoftTimeout,
            entry.FactoryTimeout ?? options.FactoryTimeout,
            entry.StaleLifetime ?? options.StaleLifetime,
            entry.EagerRefresh ?? options.EagerRefresh);

    /// <summary>
    /// How long a value is kept that a factory returned: a null as long as is said for nulls, and all a little less, so that they do not
    /// end together.
    /// </summary>
    public TimeSpan LifetimeOf(bool isNull, TimeSpan? missLifetimeOfRule, double jitter)
    {
        var lifetime = isNull ? MissLifetime ?? missLifetimeOfRule ?? Lifetime : Lifetime;
        return lifetime <= TimeSpan.FromSeconds(1)
            ? lifetime
            : Max(TimeSpan.FromSeconds(1), lifetime * (1 - (jitter * Random.Shared.NextDouble())));
    }

    /// <summary>How long the refresh of an item with so many seconds left still waits.</summary>
    public TimeSpan RefreshIn(int secondsLeft) => Max(TimeSpan.Zero, TimeSpan.FromSeconds(secondsLeft - SecondsAtRefresh));

    /// <summary>A fill of an item with so many seconds left: near only until it is to be refreshed, so that a caller notices.</summary>
    public NearFill? Limit(NearFill? fill, int secondsLeft) => EagerRefresh > 0 && fill is { } kept && secondsLeft > SecondsAtRefresh
        ? kept with { Most = Math.Min(kept.Most, (long)RefreshIn(secondsLeft).TotalMilliseconds) }
        : fill;

    private static TimeSpan Max(TimeSpan one, TimeSpan other) => one > other ? one : other;
}
