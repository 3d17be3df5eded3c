namespace NearCache.Rules;

/// <summary>What counts where a rule does not say.</summary>
internal sealed record RuleDefaults(
    TimeSpan NearLifetime, TimeSpan MaxStaleness, double MaxWritesPerSecond, double MaxFleetWritesPerSecond = double.PositiveInfinity)
{
    /// <summary>Those of a cache.</summary>
    public static RuleDefaults Of(NearCacheOptions options) => new(
        options.NearLifetime,
        options.Seams.HoldGateOpen ? TimeSpan.FromDays(10_000) : options.MaxStaleness,
        options.MaxWritesPerSecond,
        options.MaxFleetWritesPerSecond ?? options.Budgets.AnnouncementsPerNamespace / 2);
}
