namespace NearCache.Management.Api.Models;

internal sealed record ProcessesModel(
    int Total,
    int Offset,
    string? Unknown,
    string? Unlisted,
    HashesModel Hashes,
    IReadOnlyList<ProcessModel> Processes);

internal sealed record HashesModel(int Servers, int Placement, int Prefix);

internal sealed record ProcessModel
{
    public required string Id { get; init; }

    public required string Status { get; init; }

    public string? State { get; init; }

    public string? Host { get; init; }

    public string? Pod { get; init; }

    public string? Node { get; init; }

    public int? ProcessId { get; init; }

    public string? Version { get; init; }

    public DateTimeOffset? StartedAt { get; init; }

    public double? UptimeSeconds { get; init; }

    public int? Starts { get; init; }

    public double? AgeSeconds { get; init; }

    public string? ServersHash { get; init; }

    public string? PlacementHash { get; init; }

    public string? PrefixHash { get; init; }

    public IReadOnlyList<string> Differs { get; init; } = [];

    public long? RulesRevision { get; init; }

    public int? Stops { get; init; }

    public double? ConfirmedSeconds { get; init; }

    public required Part<double?> NearReadsPerSecond { get; init; }

    public required Part<double?> RemoteReadsPerSecond { get; init; }

    public required Part<double?> FailuresPerSecond { get; init; }

    public required Part<double?> FactoryRunsPerSecond { get; init; }

    public double? HitRatio { get; init; }

    public double? RemoteP99Milliseconds { get; init; }

    public IReadOnlyList<int>? Connections { get; init; }

    public double? ThreadPoolDelaySeconds { get; init; }

    public double? GarbageCollectionPauseSeconds { get; init; }

    public bool IsStarved { get; init; }

    public MonitorModel? Monitor { get; init; }

    public IReadOnlyDictionary<string, bool> Carriers { get; init; } = new Dictionary<string, bool>();

    public string? Problem { get; init; }
}

internal sealed record MonitorModel(long Violations, double? ViolatedSeconds, long? Checked, long? Agreed, long? Unclassified);

internal sealed record ProcessPageModel(ProcessModel Process, Part<ProcessDetailModel> Detail);

internal sealed record ProcessDetailModel(
    double AgeSeconds,
    IReadOnlyList<ReportedServerModel> Servers,
    long NearEntries,
    long NearBytes,
    long NearEvictions,
    IReadOnlyDictionary<string, long> NearMisses,
    IReadOnlyList<ReportedCarrierModel> Carriers,
    ReportedZooKeeperModel? ZooKeeper,
    IReadOnlyList<ReportedRuleModel> Rules,
    IReadOnlyList<WarningModel> Warnings,
    IReadOnlyList<string> Dropped,
    IReadOnlyDictionary<string, string> Others);

internal sealed record ReportedServerModel(
    string Name,
    string? Identity,
    bool IsServedNear,
    double? ConfirmedSeconds,
    int ConnectionCount,
    IReadOnlyList<ReportedConnectionModel> Connections);

internal sealed record ReportedConnectionModel(string Local, DateTimeOffset OpenedAt);

internal sealed record ReportedCarrierModel(
    string Name,
    bool IsDelivering,
    string? Problem,
    long Sent,
    long Failed,
    long Received,
    double MessagesPerSecond,
    int Waiting,
    int Members);

internal sealed record ReportedZooKeeperModel(
    string State,
    long Requests,
    long Failures,
    long Announcements,
    double AnnouncementsPerSecond,
    int Waiting,
    long QuotaRefusals,
    int Members,
    ReportedConnectionModel? Connection);

internal sealed record ReportedRuleModel(
    string Name, bool IsOn, bool IsDryRun, string ChurnBreaker, long NearHits, long RemoteReads, long Writes, long Announcements);

internal sealed record WarningModel(int EventId, long Count);
