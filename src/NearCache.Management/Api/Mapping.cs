using System.Text.Json;
using NearCache.Management.Api.Models;
using NearCache.Management.Core;

namespace NearCache.Management.Api;

/// <summary>Converts what the library returns into answers of the API.</summary>
internal static class Mapping
{
    /// <summary>Returns the name of a value as answers have it.</summary>
    public static string NameOf<T>(T value)
        where T : struct, Enum => JsonNamingPolicy.CamelCase.ConvertName(value.ToString());

    public static string LevelOf(HealthLevel level) => NameOf(level);

    public static VerdictModel Of(Verdict verdict, string context) =>
        new(LevelOf(verdict.Level), verdict.Sentence, [.. verdict.Causes.Select(cause => Of(cause, context))]);

    public static StopModel Of(RuleStop stop) => new(stop.Id, stop.Rule, stop.Who, stop.IsVerified, stop.Why, stop.When);

    public static EditRefModel? Of(RegistryEdit? edit) =>
        edit is null ? null : new EditRefModel(edit.Revision, edit.Who, edit.IsVerified, edit.Why, edit.When);

    public static SuspensionModel Of(RuleSuspension suspension, FleetReading reading) => new(
        suspension.Rule,
        NameOf(suspension.State),
        suspension.Trips.Count > 0 ? suspension.Trips[^1] : null,
        suspension.Trips.Count,
        suspension.Who,
        suspension.Why,
        Of(reading.OriginOf(suspension.Rule)),
        Part.Number(reading.UsageOf(suspension.Rule)?.WritesPerSecond, reading.Usage.Unknown ?? "the rule is not counted yet"));

    public static ChangeModel Of(Change change, string context) => new(
        change.At,
        NameOf(change.Kind),
        change.Level == HealthLevel.Well ? "info" : LevelOf(change.Level),
        change.Subject,
        change.Text,
        change.Who,
        change.IsVerified,
        change.Why,
        change.Revision,
        change.Page,
        QueryOf(context, change.Query));

    public static RuleSettingsModel Of(RuleOptions rule) => new()
    {
        Name = rule.Name,
        Match = rule.Match,
        NearLifetimeSeconds = rule.NearLifetime?.TotalSeconds,
        MaxStalenessSeconds = rule.MaxStaleness?.TotalSeconds,
        MissLifetimeSeconds = rule.MissLifetime?.TotalSeconds,
        Preload = [.. rule.Preload],
        MaxWritesPerSecond = rule.MaxWritesPerSecond,
        MaxFleetWritesPerSecond = rule.MaxFleetWritesPerSecond,
        OnInvalidate = NameOf(rule.OnInvalidate),
        ShareValues = rule.ShareValues,
        Enabled = rule.Enabled,
        DryRun = rule.DryRun,
        MaxEntries = rule.MaxEntries,
        MaxBytes = rule.MaxBytes,
    };

    public static RuleChangeModel Of(RuleChange change) => new(
        change.Name,
        change.Before is { } before ? Of(before) : null,
        change.After is { } after ? Of(after) : null,
        RuleDifferences.Between(change.Before, change.After));

    public static ObedienceModel Of(FleetObedience obedience) => new(
        obedience.IsComplete,
        [.. obedience.Obeyed.Select(Of)],
        [.. obedience.NotYet.Select(Of)],
        [.. obedience.CannotSay.Select(Of)],
        obedience.Unlisted);

    public static IReadOnlyList<PlaceModel> Of(IEnumerable<FleetDelivery> places) =>
        [.. places.Select(place => new PlaceModel(place.Place, Part.Of(place.Stored, stored => (bool?)stored)))];

    public static ContextModel Of(ConsoleContext context) => new(context.Name, context.Cluster, context.Namespace);

    /// <summary>Returns the query of a page about a fleet.</summary>
    public static string QueryOf(string context, string query) =>
        $"context={Uri.EscapeDataString(context)}{(query.Length > 0 ? "&" + query : "")}";

    private static CauseModel Of(Cause cause, string context) =>
        new(NameOf(cause.Kind), LevelOf(cause.Level), cause.Text, cause.Subject, cause.Page, QueryOf(context, cause.Query));

    private static ProcessNameModel Of(FleetProcess process) =>
        new(process.Id, process.Host, process.ProcessId, process.Version, process.Reason);
}
