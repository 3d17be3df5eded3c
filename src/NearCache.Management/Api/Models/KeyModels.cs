namespace NearCache.Management.Api.Models;

internal sealed record KeyRequest
{
    public required string Key { get; init; }
}

internal sealed record KeyOperationRequest : IReasoned
{
    public required string Key { get; init; }

    public required string Reason { get; init; }
}

internal sealed record ConfirmRequest : IReasoned
{
    public required string Confirm { get; init; }

    public required string Reason { get; init; }
}

internal sealed record WhyModel(
    string Summary,
    IReadOnlyList<string> Lines,
    string? Refusal,
    string? PhysicalKey,
    string? Server,
    int? Segment,
    WhyRuleModel? Rule,
    string RuleReason,
    WhyItemModel? Item,
    IReadOnlyList<WhyMissModel> Misses,
    IReadOnlyList<string> Notes,
    IReadOnlyList<WhyWriteModel> Writes,
    bool AreWritesTruncated,
    IReadOnlyList<string> Unknown);

internal sealed record WhyRuleModel(string Name, string Match, bool IsOn, double NearLifetimeSeconds, double MaxStalenessSeconds);

internal sealed record WhyItemModel(
    bool Exists,
    bool IsPlaceholder,
    string? Content,
    int SizeBytes,
    double? TimeToLiveSeconds,
    double? LastAccessSeconds,
    bool? WasRead,
    string Cas);

internal sealed record WhyMissModel(string Cause, string Text);

internal sealed record WhyWriteModel(double AgeSeconds, string Writer);

internal sealed record ValueModel(bool Exists, int SizeBytes, string? Text, string? Base64, bool IsTruncated);

internal sealed record RemovedModel(bool Existed);

internal sealed record CountedModel(bool Counted);

internal sealed record PlacesModel(IReadOnlyList<PlaceModel> Places);
