using System.Globalization;
using System.Text.Json;
using Microsoft.Extensions.Configuration;

namespace NearCache.Cli.Rules;

/// <summary>The settings of a rule as text: in options of the command line, in files, and in differences.</summary>
internal static class RuleSettings
{
    /// <summary>The word that gives a setting its default.</summary>
    public const string Default = "default";

    /// <summary>Gets all settings except the name.</summary>
    public static IReadOnlyList<RuleSetting> All { get; } =
    [
        new("Match", "--match", "PATTERN", "The keys: an exact key, a prefix (product:*), or a glob (product:*:price).",
            rule => rule.Match, (from, to) => to.Match = from.Match),
        new("NearLifetime", "--near-lifetime", "hh:mm:ss", "The greatest lifetime of a near entry.",
            rule => Text(rule.NearLifetime), (from, to) => to.NearLifetime = from.NearLifetime),
        new("MaxStaleness", "--max-staleness", "hh:mm:ss", "The greatest staleness of a near hit.",
            rule => Text(rule.MaxStaleness), (from, to) => to.MaxStaleness = from.MaxStaleness),
        new("MissLifetime", "--miss-lifetime", "hh:mm:ss", "How long a null of a factory is cached.",
            rule => Text(rule.MissLifetime), (from, to) => to.MissLifetime = from.MissLifetime),
        new("Preload", "--preload", "KEY", "A key that is fetched when a process starts. Repeat it.",
            rule => rule.Preload.Count == 0 ? null : rule.Preload.ToArray(), (from, to) => Replace(to.Preload, from.Preload)),
        new("MaxWritesPerSecond", "--max-writes", "NUMBER", "The writes a second in one process above which the churn breaker trips.",
            rule => rule.MaxWritesPerSecond, (from, to) => to.MaxWritesPerSecond = from.MaxWritesPerSecond),
        new("MaxFleetWritesPerSecond", "--max-fleet-writes", "NUMBER", "The writes a second of all processes above which it trips.",
            rule => rule.MaxFleetWritesPerSecond, (from, to) => to.MaxFleetWritesPerSecond = from.MaxFleetWritesPerSecond),
        new("MaxEntries", "--max-entries", "NUMBER", "The most near entries of the rule in one process.",
            rule => rule.MaxEntries, (from, to) => to.MaxEntries = from.MaxEntries),
        new("MaxBytes", "--max-bytes", "NUMBER", "The most memory of near entries of the rule in one process.",
            rule => rule.MaxBytes, (from, to) => to.MaxBytes = from.MaxBytes),
        new("OnInvalidate", "--on-invalidate", "Drop|Refresh", "What happens to an entry whose key was written elsewhere.",
            rule => rule.OnInvalidate == default ? null : rule.OnInvalidate.ToString(), (from, to) => to.OnInvalidate = from.OnInvalidate),
        new("ShareValues", "--share-values", "true|false", "Whether callers share one instance of a value.",
            rule => rule.ShareValues ? true : null, (from, to) => to.ShareValues = from.ShareValues),
        new("Enabled", "--enabled", "true|false", "Whether the rule is in force.",
            rule => rule.Enabled ? null : false, (from, to) => to.Enabled = from.Enabled),
        new("DryRun", "--dry-run", "true|false", "Whether the rule only counts what it would do.",
            rule => rule.DryRun ? true : null, (from, to) => to.DryRun = from.DryRun),
    ];

    /// <summary>Reads a rule from texts, as from a configuration.</summary>
    /// <param name="name">The name of the rule.</param>
    /// <param name="texts">The texts of its settings.</param>
    /// <exception cref="Microsoft.Extensions.Options.OptionsValidationException">A setting is invalid.</exception>
    public static RuleOptions Read(string name, IEnumerable<KeyValuePair<string, IReadOnlyList<string>>> texts)
    {
        var entries = new Dictionary<string, string?> { ["Rules:0:Name"] = name };
        foreach (var (setting, values) in texts)
        {
            if (setting == "Preload")
            {
                foreach (var (index, value) in values.Index())
                {
                    entries[string.Create(CultureInfo.InvariantCulture, $"Rules:0:{setting}:{index}")] = value;
                }
            }
            else
            {
                entries[$"Rules:0:{setting}"] = values[^1];
            }
        }

        return FleetConfiguration.ReadRules(new ConfigurationBuilder().AddInMemoryCollection(entries).Build())[0];
    }

    /// <summary>Returns the settings of a rule that are not defaults, each as texts.</summary>
    public static Dictionary<string, IReadOnlyList<string>> TextsOf(RuleOptions rule) => All
        .Select(setting => (setting.Name, Value: setting.Get(rule)))
        .Where(setting => setting.Value is not null)
        .ToDictionary(
            setting => setting.Name,
            IReadOnlyList<string> (setting) =>
                setting.Value as string[] ?? [Convert.ToString(setting.Value, CultureInfo.InvariantCulture)!]);

    /// <summary>Gives a rule the settings of another.</summary>
    public static void Copy(RuleOptions from, RuleOptions to)
    {
        foreach (var setting in All)
        {
            setting.Copy(from, to);
        }
    }

    /// <summary>Writes a rule as an entry of a configuration, without its defaults.</summary>
    public static void Write(Utf8JsonWriter json, RuleOptions rule)
    {
        json.WriteStartObject();
        json.WriteString("Name", rule.Name);
        foreach (var setting in All)
        {
            switch (setting.Get(rule))
            {
                case string text:
                    json.WriteString(setting.Name, text);
                    break;
                case bool isOn:
                    json.WriteBoolean(setting.Name, isOn);
                    break;
                case double number:
                    json.WriteNumber(setting.Name, number);
                    break;
                case long number:
                    json.WriteNumber(setting.Name, number);
                    break;
                case int number:
                    json.WriteNumber(setting.Name, number);
                    break;
                case string[] texts:
                    json.WriteStartArray(setting.Name);
                    Array.ForEach(texts, json.WriteStringValue);
                    json.WriteEndArray();
                    break;
            }
        }

        json.WriteEndObject();
    }

    /// <summary>Describes the settings that two rules do not share, each as <c>name: before → after</c>.</summary>
    public static IEnumerable<string> Differences(RuleOptions before, RuleOptions after)
    {
        var (old, now) = (TextsOf(before), TextsOf(after));
        foreach (var name in All.Select(setting => setting.Name))
        {
            var (was, becomes) = (Shown(old.GetValueOrDefault(name)), Shown(now.GetValueOrDefault(name)));
            if (was != becomes)
            {
                yield return $"{name}: {was} → {becomes}";
            }
        }

        static string Shown(IReadOnlyList<string>? texts) => texts is null ? Default : string.Join(", ", texts);
    }

    private static string? Text(TimeSpan? time) => time?.ToString("c", CultureInfo.InvariantCulture);

    private static void Replace(IList<string> list, IList<string> by)
    {
        list.Clear();
        foreach (var text in by)
        {
            list.Add(text);
        }
    }
}

/// <summary>One setting of a rule.</summary>
/// <param name="Name">The name in a configuration.</param>
/// <param name="Option">The name in a command line.</param>
/// <param name="HelpName">What the help shows for its value.</param>
/// <param name="Description">What it does.</param>
/// <param name="Get">Returns the value: a string, strings, a number or a boolean; null for the default.</param>
/// <param name="Copy">Copies the value from the first rule to the second.</param>
internal sealed record RuleSetting(
    string Name, string Option, string HelpName, string Description, Func<RuleOptions, object?> Get, Action<RuleOptions, RuleOptions> Copy);
