namespace NearCache.Management.Api.Models;

internal sealed record HotKeysModel(
    int Total,
    int Offset,
    IReadOnlyList<HotKeyModel> Keys,
    IReadOnlyList<HotPrefixModel> Prefixes,
    IReadOnlyList<RuleRatesModel> Rules,
    double UncoveredReadsPerSecond,
    double UncoveredWritesPerSecond,
    int Processes,
    int OtherProcesses,
    double ObservedSeconds,
    IReadOnlyList<string> Notes);

internal sealed record HotKeyModel(
    string Key,
    bool IsHashed,
    string? Rule,
    double NearHitsPerSecond,
    double RemoteReadsPerSecond,
    double SavableReadsPerSecond,
    double WritesPerSecond,
    double ErrorPerSecond,
    long? MeanBytes,
    double? MeanReadMilliseconds,
    int Processes,
    string Nature);

internal sealed record HotPrefixModel(
    string Prefix,
    double RemoteReadsPerSecond,
    double SavableReadsPerSecond,
    double WritesPerSecond,
    long NearEntries,
    long? MeanBytes,
    int Processes,
    string Nature);

internal sealed record RuleRatesModel(
    string Rule,
    bool IsOn,
    bool IsDryRun,
    string ChurnBreaker,
    int Suspensions,
    double NearHitsPerSecond,
    double RemoteReadsPerSecond,
    double WritesPerSecond,
    double AnnouncementsPerSecond,
    double SavedBytesPerSecond,
    long NearEntries,
    long NearBytes,
    double ObservedSeconds,
    int Processes);

internal sealed record ProposalsModel(
    long Revision,
    IReadOnlyList<ProposalModel> Proposals,
    IReadOnlyList<NotProposedModel> NotProposed,
    IReadOnlyList<string> Notes);

internal sealed record ProposalModel(
    string Kind,
    string Rule,
    string Keys,
    RuleSettingsModel? Settings,
    double ReadsPerSecond,
    double SavedReadsPerSecond,
    double SavedBytesPerSecond,
    double WritesPerSecond,
    double AnnouncementsPerSecond,
    double AnnouncementBudget,
    long NearEntries,
    long NearBytes,
    string Confidence,
    string Reason,
    EditRefModel? Edit,
    IReadOnlyList<HotKeyModel> Examples);

internal sealed record NotProposedModel(string Keys, string Nature, string Reason, double ReadsPerSecond, double WritesPerSecond);
