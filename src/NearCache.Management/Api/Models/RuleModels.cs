namespace NearCache.Management.Api.Models;

internal sealed record RulesModel(
    Part<double?> Revision,
    string? CannotEdit,
    Part<IReadOnlyList<RuleModel>> Rules,
    Part<IReadOnlyList<StopModel>> Stops,
    IReadOnlyList<ServerRulesModel> Servers);

internal sealed record RuleModel(
    RuleSettingsModel Settings,
    long Since,
    string State,
    Part<UsageModel> Usage,
    StopModel? Stop,
    SuspensionModel? Suspension,
    EditRefModel? LastEdit,
    RuleLimitsModel Limits);

internal sealed record RuleLimitsModel(double WritesPerSecond, double FleetWritesPerSecond);

internal sealed record UsageModel(
    double NearHitsPerSecond,
    double RemoteReadsPerSecond,
    double WritesPerSecond,
    double AnnouncementsPerSecond,
    double? HitsPerWrite);

internal sealed record ServerRulesModel(string Server, Part<CarriedModel> Carried);

internal sealed record CarriedModel(long? Revision, long? SettledRevision, int Stops);

/// <summary>The settings of a rule, in answers and in requests. Durations are in seconds.</summary>
internal sealed record RuleSettingsModel
{
    public required string Name { get; init; }

    public required string Match { get; init; }

    public double? NearLifetimeSeconds { get; init; }

    public double? MaxStalenessSeconds { get; init; }

    public double? MissLifetimeSeconds { get; init; }

    public IReadOnlyList<string>? Preload { get; init; }

    public double? MaxWritesPerSecond { get; init; }

    public double? MaxFleetWritesPerSecond { get; init; }

    public string? OnInvalidate { get; init; }

    public bool? ShareValues { get; init; }

    public bool? Enabled { get; init; }

    public bool? DryRun { get; init; }

    public int? MaxEntries { get; init; }

    public long? MaxBytes { get; init; }
}

internal sealed record RulesRoomModel(IReadOnlyList<RuleRoomModel> Rules);

internal sealed record RuleRoomModel(string Rule, long NearEntries, long NearBytes, int Processes);

internal sealed record RuleHistoryModel(IReadOnlyList<EditModel> Edits);

internal sealed record EditModel(
    long Revision,
    string Who,
    bool IsVerified,
    string Why,
    DateTimeOffset At,
    IReadOnlyList<RuleChangeModel>? Changes,
    IReadOnlyList<StopModel> ClearedStops,
    IReadOnlyList<string> PutStops,
    bool CanUndo);

internal sealed record RuleChangeModel(
    string Name, RuleSettingsModel? Before, RuleSettingsModel? After, IReadOnlyList<DifferenceModel> Differences);

internal sealed record DifferenceModel(string Setting, string? Before, string? After);

internal sealed record RulePreviewModel(
    double? Revision, IReadOnlyList<RuleChangeModel> Changes, IReadOnlyList<string> Effects, string? Refused);

internal sealed record PreviewRequest
{
    public RuleSettingsModel? Rule { get; init; }

    public string? Remove { get; init; }
}

internal sealed record RuleEditRequest : IReasoned
{
    public required RuleSettingsModel Rule { get; init; }

    public required string Reason { get; init; }

    public long? IfRevision { get; init; }
}

internal sealed record RuleNameRequest : IReasoned
{
    public required string Name { get; init; }

    public required string Reason { get; init; }

    public long? IfRevision { get; init; }
}

internal sealed record PromoteRequest : IReasoned
{
    public required string Name { get; init; }

    public required string Reason { get; init; }

    public double? MaxFleetWritesPerSecond { get; init; }

    public long? IfRevision { get; init; }
}

internal sealed record UndoRequest : IReasoned
{
    public required long Revision { get; init; }

    public required string Reason { get; init; }

    public long? IfRevision { get; init; }
}

internal sealed record RevisionModel(long Revision);

/// <summary>A request that states why it is made.</summary>
internal interface IReasoned
{
    /// <summary>Gets the reason.</summary>
    string Reason { get; }
}
