namespace NearCache.Management.Api.Models;

internal sealed record MemcachedModel(IReadOnlyList<MemcachedServerModel> Servers);

internal sealed record MemcachedServerModel(
    string Name,
    string State,
    Part<StatisticsModel> Statistics,
    Part<ServerSettingsModel> Settings,
    Part<ServerNamespaceModel> Namespace,
    Part<double?> Expected,
    Part<double?> Unaccounted,
    Part<ServerReportsModel> Reports);

internal sealed record StatisticsModel(
    string? Version,
    double? UptimeSeconds,
    long? Connections,
    long? MaxConnections,
    long? RejectedConnections,
    long? Bytes,
    long? MaxBytes,
    long? Items,
    long? Evictions,
    double? EvictionsPerSecond,
    long? Hits,
    long? Misses,
    double? HitRatio);

internal sealed record ServerSettingsModel(double? IdleTimeoutSeconds, long? MaxItemBytes, long? Threads);

internal sealed record ServerNamespaceModel(long? Writes, string? KeyPrefix, string? Identity, bool HasRules);

internal sealed record ServerReportsModel(int Reports, int Unreadable, string? Problem);

internal sealed record OwnershipModel(
    string Server,
    double AgeSeconds,
    string? MissingReports,
    bool IsListed,
    int Expected,
    int Seen,
    int Unaccounted,
    int Foreign,
    string Sentence,
    IReadOnlyList<OwnerModel> Owners,
    IReadOnlyList<OwningProcessModel> NotSeen,
    IReadOnlyList<ConnectionModel> Connections,
    int ConnectionsTotal);

internal sealed record OwnerModel(
    string Kind,
    string Name,
    string Address,
    string? Node,
    IReadOnlyList<OwningProcessModel> Processes,
    int Expected,
    int Seen,
    int Unaccounted,
    double LongestIdleSeconds);

internal sealed record OwningProcessModel(string Id, string Host, string? Pod, int ProcessId, string? Node);

internal sealed record ConnectionModel(string Address, int Port, string State, double IdleSeconds, string Kind, string? ReportedBy);

internal sealed record EnsembleModel(
    string Session,
    string Chroot,
    FigureModel TransactionsPerSecond,
    double BudgetPerSecond,
    FigureModel EnsembleTransactionsPerSecond,
    FigureModel Nodes,
    IReadOnlyList<EnsembleServerModel> Servers,
    Part<SubtreeModel> Subtree,
    IReadOnlyList<AnnouncingRuleModel> MostAnnounced);

internal sealed record EnsembleServerModel(
    string Name,
    Part<EnsembleStatusModel> Status,
    Part<IReadOnlyDictionary<string, string>> Monitor,
    Part<double?> Connections);

internal sealed record EnsembleStatusModel(
    string? Version,
    string Mode,
    long? Nodes,
    long? Connections,
    long? Outstanding,
    double? MeanLatencyMilliseconds,
    double? LongestLatencyMilliseconds);

internal sealed record SubtreeModel(
    IReadOnlyList<string> Missing,
    int? Format,
    int Members,
    int Leftovers,
    int? RegistryWrites,
    int? RegistryBytes,
    IReadOnlyList<int> SlotWrites,
    Part<QuotaModel> Quota);

internal sealed record QuotaModel(string? Limits, string? Used);

internal sealed record AnnouncingRuleModel(string Rule, double AnnouncementsPerSecond);

internal sealed record TenantsModel(Part<IReadOnlyList<NamespaceModel>> Namespaces, Part<CoTenantsModel> CoTenants);

internal sealed record NamespaceModel(
    string Name, bool IsOwn, Part<double?> Members, Part<double?> JoinsAndLeaves, Part<DateTimeOffset?> CreatedAt);

internal sealed record CoTenantsModel(int Count, IReadOnlyList<CoTenantModel> Names);

internal sealed record CoTenantModel(string Path, string? Product, Part<double?> Children, Part<double?> Changes);

internal sealed record AnnouncersModel(int Asked, int Of, IReadOnlyList<AnnouncerModel> Processes);

internal sealed record AnnouncerModel(
    string Id, string? Host, int? ProcessId, long Announcements, double AnnouncementsPerSecond, int Waiting, long QuotaRefusals);

internal sealed record CleanRequest : IReasoned
{
    public required string Confirm { get; init; }

    public required string Reason { get; init; }
}

internal sealed record EmptyRequest;

internal sealed record CleanerModel(
    string State, long Leftovers, long Removed, long Alive, long Young, long Transactions, string? Problem);
