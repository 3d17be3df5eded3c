using System.Globalization;
using NearCache.Management.Api.Models;

namespace NearCache.Management.Api;

/// <summary>Compares the settings of a rule before and after an edit, setting by setting, for people.</summary>
internal static class RuleDifferences
{
    private static readonly (string Setting, Func<RuleOptions, string?> Text)[] Settings =
    [
        ("Match", rule => rule.Match),
        ("NearLifetime", rule => Duration(rule.NearLifetime)),
        ("MaxStaleness", rule => Duration(rule.MaxStaleness)),
        ("MissLifetime", rule => Duration(rule.MissLifetime)),
        ("Preload", rule => rule.Preload.Count == 0 ? null : string.Join(", ", rule.Preload)),
        ("MaxWritesPerSecond", rule => Number(rule.MaxWritesPerSecond)),
        ("MaxFleetWritesPerSecond", rule => Number(rule.MaxFleetWritesPerSecond)),
        ("OnInvalidate", rule => rule.OnInvalidate == InvalidationPolicy.Drop ? null : rule.OnInvalidate.ToString()),
        ("ShareValues", rule => rule.ShareValues ? "true" : null),
        ("Enabled", rule => rule.Enabled ? "true" : "false"),
        ("DryRun", rule => rule.DryRun ? "true" : null),
        ("MaxEntries", rule => Number(rule.MaxEntries)),
        ("MaxBytes", rule => Number(rule.MaxBytes)),
    ];

    /// <summary>Returns the settings that differ. A setting that has its default has no text.</summary>
    public static IReadOnlyList<DifferenceModel> Between(RuleOptions? before, RuleOptions? after) =>
    [
        .. Settings
            .Select(setting => new DifferenceModel(
                setting.Setting,
                before is null ? null : setting.Text(before),
                after is null ? null : setting.Text(after)))
            .Where(difference => difference.Before != difference.After),
    ];

    private static string? Duration(TimeSpan? duration) => duration?.ToString("c", CultureInfo.InvariantCulture);

    private static string? Number(double? number) => number?.ToString(CultureInfo.InvariantCulture);
}
