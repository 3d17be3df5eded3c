namespace NearCache.Management.Api.Models;

internal sealed record StopPreviewModel(string? Rule, string Confirm, Part<double?> RemoteReadsPerSecond, Part<double?> Processes);

internal sealed record StopRequest : IReasoned
{
    public string? Rule { get; init; }

    public required string Confirm { get; init; }

    public required string Reason { get; init; }
}

internal sealed record StopResultModel(StopModel Stop, IReadOnlyList<PlaceModel> Places, Part<ObedienceModel> Obedience);

internal sealed record PlaceModel(string Place, Part<bool?> Stored);

internal sealed record ResumeRequest : IReasoned
{
    public required IReadOnlyList<string> Stops { get; init; }

    public required string Reason { get; init; }
}

internal sealed record ResumeResultModel(long Revision, Part<ObedienceModel> Obedience);

internal sealed record ObedienceModel(
    bool IsComplete,
    IReadOnlyList<ProcessNameModel> Obeyed,
    IReadOnlyList<ProcessNameModel> NotYet,
    IReadOnlyList<ProcessNameModel> CannotSay,
    string? Unlisted);

internal sealed record ProcessNameModel(string Id, string? Host, int? ProcessId, string? Version, string? Reason);
