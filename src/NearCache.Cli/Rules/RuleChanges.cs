namespace NearCache.Cli.Rules;

/// <summary>
/// Describes changes of rules in lines: <c>+</c> for an added rule, <c>-</c> for a removed one, <c>~</c> for a changed one.
/// </summary>
internal static class RuleChanges
{
    /// <summary>Describes a change.</summary>
    public static IEnumerable<string> Describe(RuleChange change) => change switch
    {
        { Before: null, After: { } added } => [$"+ {change.Name} ({Settings(added)})"],
        { Before: { } removed, After: null } => [$"- {change.Name} ({Settings(removed)})"],
        { Before: { } before, After: { } after } => RuleSettings.Differences(before, after).Select(line => $"~ {change.Name}  {line}"),
        _ => [],
    };

    /// <summary>Describes what an edit did.</summary>
    public static IEnumerable<string> Describe(RegistryEdit edit) =>
    [
        .. edit.Changes?.SelectMany(Describe) ?? ["(what it changed is not recorded)"],
        .. edit.ClearedStops.Select(stop => $"cleared the stop {stop.Id} of {stop.Rule ?? "all rules"} by {stop.Who}: {stop.Why}"),
        .. edit.PutStops.Select(id => $"put the stop {id}"),
    ];

    private static string Settings(RuleOptions rule) =>
        string.Join(", ", RuleSettings.TextsOf(rule).Select(setting => $"{setting.Key}: {string.Join(' ', setting.Value)}"));
}
