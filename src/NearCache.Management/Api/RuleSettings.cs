using NearCache.Management.Api.Models;

namespace NearCache.Management.Api;

/// <summary>Reads the settings of a rule from a request.</summary>
internal static class RuleSettings
{
    private const double MostSeconds = 366 * 24 * 3600.0;

    /// <summary>Returns the settings.</summary>
    /// <exception cref="ConsoleProblem">A setting is not a value of its kind. The registry decides whether a rule is valid.</exception>
    public static RuleOptions Of(RuleSettingsModel model)
    {
        var rule = new RuleOptions { Name = model.Name, Enabled = model.Enabled ?? true, DryRun = model.DryRun ?? false };
        Change(rule, model);
        return rule;
    }

    /// <summary>Gives a rule the settings of a request, except its name and whether it is in force.</summary>
    public static void Change(RuleOptions rule, RuleSettingsModel model)
    {
        rule.Match = model.Match;
        rule.NearLifetime = Duration(model.NearLifetimeSeconds, "nearLifetimeSeconds");
        rule.MaxStaleness = Duration(model.MaxStalenessSeconds, "maxStalenessSeconds");
        rule.MissLifetime = Duration(model.MissLifetimeSeconds, "missLifetimeSeconds");
        rule.Preload.Clear();
        foreach (var key in model.Preload ?? [])
        {
            rule.Preload.Add(key);
        }

        rule.MaxWritesPerSecond = model.MaxWritesPerSecond;
        rule.MaxFleetWritesPerSecond = model.MaxFleetWritesPerSecond;
        rule.OnInvalidate = model.OnInvalidate switch
        {
            null or "drop" => InvalidationPolicy.Drop,
            "refresh" => InvalidationPolicy.Refresh,
            _ => throw ConsoleProblem.Invalid("onInvalidate must be \"drop\" or \"refresh\"."),
        };
        rule.ShareValues = model.ShareValues ?? false;
        rule.MaxEntries = model.MaxEntries;
        rule.MaxBytes = model.MaxBytes;
    }

    private static TimeSpan? Duration(double? seconds, string name) => seconds switch
    {
        null => null,
        >= 0 and <= MostSeconds => TimeSpan.FromSeconds(seconds.Value),
        _ => throw ConsoleProblem.Invalid($"{name} must be a number of seconds from 0 to a year."),
    };
}
