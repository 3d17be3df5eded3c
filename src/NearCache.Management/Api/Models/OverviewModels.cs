namespace NearCache.Management.Api.Models;

internal sealed record SessionModel(
    string User,
    bool IsVerified,
    string Mode,
    string? Banner,
    string Version,
    DateTimeOffset Now,
    IReadOnlyList<SessionContextModel> Contexts,
    string OperationHeader,
    bool SignOut,
    IReadOnlyList<string> Features);

internal sealed record SessionContextModel(string Name, string Cluster, string Namespace, IReadOnlyList<string> Permissions);

internal sealed record ContextModel(string Name, string Cluster, string Namespace);

internal sealed record ContextsModel(IReadOnlyList<ContextRowModel> Contexts);

internal sealed record ContextRowModel(
    string Name,
    string Cluster,
    string Namespace,
    DateTimeOffset? At,
    VerdictModel Verdict,
    Part<double?> Stops,
    Part<double?> Suspended,
    Part<ProcessCountsModel> Processes,
    Part<double?> ReadsPerSecond);

internal sealed record VerdictModel(string Level, string Sentence, IReadOnlyList<CauseModel> Causes);

internal sealed record CauseModel(string Kind, string Level, string Text, string? Subject, string Page, string Query);

internal sealed record OverviewModel(
    ContextModel Context,
    DateTimeOffset? At,
    double? AgeSeconds,
    double PeriodSeconds,
    VerdictModel Verdict,
    Part<IReadOnlyList<StopModel>> Stops,
    Part<IReadOnlyList<SuspensionModel>> Suspensions,
    ChangeModel? LastChange,
    TrafficModel Traffic,
    IReadOnlyList<ServerRowModel> Servers,
    EnsembleRowModel? ZooKeeper,
    Part<ProcessCountsModel> Processes,
    IReadOnlyList<VersionModel> Versions,
    Part<double?> Revision);

internal sealed record TrafficModel(
    FigureModel NearReadsPerSecond,
    FigureModel RemoteReadsPerSecond,
    FigureModel FailuresPerSecond,
    FigureModel FactoryRunsPerSecond,
    FigureModel RemoteP99Milliseconds);

internal sealed record ServerRowModel(
    string Name,
    string State,
    string? Problem,
    Part<string> Version,
    Part<double?> Connections,
    Part<double?> MaxConnections,
    Part<double?> Expected,
    Part<double?> Unaccounted,
    Part<double?> UnaccountedHourAgo);

internal sealed record EnsembleRowModel(
    string Session,
    FigureModel TransactionsPerSecond,
    double BudgetPerSecond,
    FigureModel EnsembleTransactionsPerSecond,
    FigureModel Nodes,
    string? Problem);

internal sealed record ProcessCountsModel(
    int Live, int Starting, int Starved, int Silent, int Ended, int NoReport, int NoDelivery, string? Unlisted);

internal sealed record VersionModel(string Version, int Processes);

internal sealed record StopModel(string Id, string? Rule, string Who, bool IsVerified, string Why, DateTimeOffset? At);

internal sealed record EditRefModel(long Revision, string Who, bool IsVerified, string Why, DateTimeOffset At);

internal sealed record SuspensionModel(
    string Rule,
    string State,
    DateTimeOffset? Since,
    int Trips,
    string Who,
    string Why,
    EditRefModel? AddedBy,
    Part<double?> WritesPerSecond);

internal sealed record ChangeModel(
    DateTimeOffset At,
    string Kind,
    string Level,
    string Subject,
    string Text,
    string? Who,
    bool? IsVerified,
    string? Why,
    long? Revision,
    string Page,
    string Query);

internal sealed record ChangesModel(IReadOnlyList<ChangeModel> Changes, bool HasMore);

internal sealed record HistoryModel(
    int StepSeconds, IReadOnlyList<long> Times, IReadOnlyDictionary<string, double?[]> Series, IReadOnlyList<string> Verdicts);

internal sealed record HistoryDaysModel(IReadOnlyList<string> Days, bool IsStored);

internal sealed record PointModel(long At, IReadOnlyDictionary<string, double> Values);
