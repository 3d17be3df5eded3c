using NearCache.Remote.Memcached;

namespace NearCache;

/// <summary>Lists the settings that can change while a cache runs.</summary>
/// <remarks>Each of them is a single value that is read where it is used, so it can be changed in place.</remarks>
internal static class ReloadableSettings
{
    /// <summary>
    /// Gets every setting, with its comparison and its update. A setting without an update takes effect at the next start.
    /// </summary>
    internal static IReadOnlyList<Setting> All { get; } =
    [
        new(
            nameof(NearCacheOptions.ItemLifetime),
            (one, other) => one.ItemLifetime == other.ItemLifetime,
            (now, next) => now.ItemLifetime = next.ItemLifetime),
        new(
            nameof(NearCacheOptions.NearLifetime),
            (one, other) => one.NearLifetime == other.NearLifetime,
            (now, next) => now.NearLifetime = next.NearLifetime),
        new(
            nameof(NearCacheOptions.NearEntries),
            (one, other) => one.NearEntries == other.NearEntries,
            (now, next) => now.NearEntries = next.NearEntries),
        new(
            nameof(NearCacheOptions.NearBytes),
            (one, other) => one.NearBytes == other.NearBytes,
            (now, next) => now.NearBytes = next.NearBytes),
        new(
            nameof(NearCacheOptions.FillLease),
            (one, other) => one.FillLease == other.FillLease,
            (now, next) => now.FillLease = next.FillLease),
        new(
            nameof(NearCacheOptions.UseLeases),
            (one, other) => one.UseLeases == other.UseLeases,
            (now, next) => now.UseLeases = next.UseLeases),
        new(
            nameof(NearCacheOptions.Compression),
            (one, other) => one.Compression == other.Compression,
            (now, next) => now.Compression = next.Compression),
        new(
            nameof(NearCacheOptions.CompressionThreshold),
            (one, other) => one.CompressionThreshold == other.CompressionThreshold,
            (now, next) => now.CompressionThreshold = next.CompressionThreshold),
        new(
            nameof(NearCacheOptions.OnRemoteFailure),
            (one, other) => one.OnRemoteFailure == other.OnRemoteFailure,
            (now, next) => now.OnRemoteFailure = next.OnRemoteFailure),
        new(
            nameof(NearCacheOptions.MaxConcurrentFactories),
            (one, other) => one.MaxConcurrentFactories == other.MaxConcurrentFactories,
            (now, next) => now.MaxConcurrentFactories = next.MaxConcurrentFactories),
        new(
            nameof(NearCacheOptions.FactoryReuse),
            (one, other) => one.FactoryReuse == other.FactoryReuse,
            (now, next) => now.FactoryReuse = next.FactoryReuse),
        new(
            nameof(NearCacheOptions.FactorySoftTimeout),
            (one, other) => one.FactorySoftTimeout == other.FactorySoftTimeout,
            (now, next) => now.FactorySoftTimeout = next.FactorySoftTimeout),
        new(
            nameof(NearCacheOptions.FactoryTimeout),
            (one, other) => one.FactoryTimeout == other.FactoryTimeout,
            (now, next) => now.FactoryTimeout = next.FactoryTimeout),
        new(
            nameof(NearCacheOptions.StaleLifetime),
            (one, other) => one.StaleLifetime == other.StaleLifetime,
            (now, next) => now.StaleLifetime = next.StaleLifetime),
        new(
            nameof(NearCacheOptions.StaleEntries),
            (one, other) => one.StaleEntries == other.StaleEntries,
            (now, next) => now.StaleEntries = next.StaleEntries),
        new(
            nameof(NearCacheOptions.EagerRefresh),
            (one, other) => one.EagerRefresh.Equals(other.EagerRefresh),
            (now, next) => now.EagerRefresh = next.EagerRefresh),
        new(
            nameof(NearCacheOptions.LifetimeJitter),
            (one, other) => one.LifetimeJitter.Equals(other.LifetimeJitter),
            (now, next) => now.LifetimeJitter = next.LifetimeJitter),
        new(
            nameof(NearCacheOptions.AllowEmbedded),
            (one, other) => one.AllowEmbedded == other.AllowEmbedded,
            (now, next) => now.AllowEmbedded = next.AllowEmbedded),

        // The list of memcached servers and the rules have their own ways to change: see ServerListReloader and ConfiguredRules. The
        // following settings are shared by all processes, or connections are created from them.
        new(nameof(NearCacheOptions.Namespace), (one, other) => one.Namespace == other.Namespace),
        new(nameof(NearCacheOptions.KeyPrefix), (one, other) => one.KeyPrefix == other.KeyPrefix),
        new(nameof(NearCacheOptions.Format), (one, other) => one.Format == other.Format),
        new(nameof(NearCacheOptions.ValueFormat), (one, other) => ReferenceEquals(one.ValueFormat, other.ValueFormat)),
        new(nameof(NearCacheOptions.LongKeys), (one, other) => one.LongKeys == other.LongKeys),
        new(nameof(NearCacheOptions.MaxStaleness), (one, other) => one.MaxStaleness == other.MaxStaleness),
        new(nameof(NearCacheOptions.RuleLease), (one, other) => one.RuleLease == other.RuleLease),
        new(nameof(NearCacheOptions.AuditInterval), (one, other) => one.AuditInterval == other.AuditInterval),
        new(nameof(NearCacheOptions.WarmUp), (one, other) => one.WarmUp == other.WarmUp),
        new(nameof(NearCacheOptions.ChurnBreaker), (one, other) => one.ChurnBreaker == other.ChurnBreaker),
        new(nameof(NearCacheOptions.MaxWritesPerSecond), (one, other) => one.MaxWritesPerSecond.Equals(other.MaxWritesPerSecond)),
        new(
            nameof(NearCacheOptions.MaxFleetWritesPerSecond),
            (one, other) => one.MaxFleetWritesPerSecond.Equals(other.MaxFleetWritesPerSecond)),
        new(nameof(NearCacheOptions.Budgets), (one, other) => SettingsEquality.Are(one.Budgets, other.Budgets)),
        new(nameof(NearCacheOptions.Ensemble), (one, other) => SettingsEquality.Are(one.Ensemble, other.Ensemble)),
        new(nameof(NearCacheOptions.Monitor), (one, other) => SettingsEquality.Are(one.Monitor, other.Monitor)),
        new(nameof(NearCacheOptions.Reports), (one, other) => SettingsEquality.Are(one.Reports, other.Reports)),
        new(
            nameof(NearCacheOptions.Memcached),
            (one, other) => SettingsEquality.Are(one.Memcached, MemcachedSettings.With(other.Memcached, one.Memcached.Servers))),
        new(
            nameof(NearCacheOptions.EveryAddressIsAServer), (one, other) => one.EveryAddressIsAServer == other.EveryAddressIsAServer),
        new(nameof(NearCacheOptions.DistributedCache), (one, other) => ReferenceEquals(one.DistributedCache, other.DistributedCache)),
        new(nameof(NearCacheOptions.ZooKeeper), (one, other) => SettingsEquality.Are(one.ZooKeeper, other.ZooKeeper)),
        new(nameof(NearCacheOptions.Rules), (_, _) => true),
        new(nameof(NearCacheOptions.ImmutableTypes), (one, other) => one.ImmutableTypes.ToHashSet().SetEquals(other.ImmutableTypes)),
        new(nameof(NearCacheOptions.LossyTypes), (one, other) => one.LossyTypes.ToHashSet().SetEquals(other.LossyTypes)),
        new(nameof(NearCacheOptions.Json), (one, other) => ReferenceEquals(one.Json, other.Json)),
    ];

    /// <summary>Applies the reloadable settings.</summary>
    /// <param name="now">The current settings; changed in place.</param>
    /// <param name="next">The new settings; valid.</param>
    /// <returns>The names of the changed settings: those applied, and those that take effect at the next start.</returns>
    public static (IReadOnlyList<string> Taken, IReadOnlyList<string> Waiting) Take(NearCacheOptions now, NearCacheOptions next)
    {
        var changed = All.Where(setting => !setting.AreEqual(now, next)).ToArray();
        foreach (var setting in changed)
        {
            setting.Take?.Invoke(now, next);
        }

        return (
            [.. changed.Where(setting => setting.Take is not null).Select(setting => setting.Name)],
            [.. changed.Where(setting => setting.Take is null).Select(setting => setting.Name)]);
    }

    internal sealed record Setting(
        string Name, Func<NearCacheOptions, NearCacheOptions, bool> AreEqual, Action<NearCacheOptions, NearCacheOptions>? Take = null);
}
