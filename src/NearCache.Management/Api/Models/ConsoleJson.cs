using System.Text.Json.Serialization;

namespace NearCache.Management.Api.Models;

/// <summary>How answers are written and requests are read.</summary>
[JsonSourceGenerationOptions(
    PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase,
    DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull,
    UnmappedMemberHandling = JsonUnmappedMemberHandling.Disallow,
    AllowDuplicateProperties = false,
    RespectNullableAnnotations = true,
    UseStringEnumConverter = true)]
[JsonSerializable(typeof(SessionModel))]
[JsonSerializable(typeof(ContextsModel))]
[JsonSerializable(typeof(OverviewModel))]
[JsonSerializable(typeof(PointModel))]
[JsonSerializable(typeof(HistoryModel))]
[JsonSerializable(typeof(HistoryDaysModel))]
[JsonSerializable(typeof(ChangesModel))]
[JsonSerializable(typeof(RulesModel))]
[JsonSerializable(typeof(Part<RulesRoomModel>))]
[JsonSerializable(typeof(RuleHistoryModel))]
[JsonSerializable(typeof(RulePreviewModel))]
[JsonSerializable(typeof(PreviewRequest))]
[JsonSerializable(typeof(RuleEditRequest))]
[JsonSerializable(typeof(RuleNameRequest))]
[JsonSerializable(typeof(PromoteRequest))]
[JsonSerializable(typeof(UndoRequest))]
[JsonSerializable(typeof(RevisionModel))]
[JsonSerializable(typeof(StopPreviewModel))]
[JsonSerializable(typeof(StopRequest))]
[JsonSerializable(typeof(StopResultModel))]
[JsonSerializable(typeof(ResumeRequest))]
[JsonSerializable(typeof(ResumeResultModel))]
[JsonSerializable(typeof(Part<ObedienceModel>))]
[JsonSerializable(typeof(ProcessesModel))]
[JsonSerializable(typeof(ProcessPageModel))]
[JsonSerializable(typeof(MemcachedModel))]
[JsonSerializable(typeof(Part<OwnershipModel>))]
[JsonSerializable(typeof(EnsembleModel))]
[JsonSerializable(typeof(TenantsModel))]
[JsonSerializable(typeof(AnnouncersModel))]
[JsonSerializable(typeof(CleanRequest))]
[JsonSerializable(typeof(EmptyRequest))]
[JsonSerializable(typeof(CleanerModel))]
[JsonSerializable(typeof(KeyRequest))]
[JsonSerializable(typeof(KeyOperationRequest))]
[JsonSerializable(typeof(ConfirmRequest))]
[JsonSerializable(typeof(Part<WhyModel>))]
[JsonSerializable(typeof(Part<ValueModel>))]
[JsonSerializable(typeof(RemovedModel))]
[JsonSerializable(typeof(CountedModel))]
[JsonSerializable(typeof(PlacesModel))]
[JsonSerializable(typeof(Part<HotKeysModel>))]
[JsonSerializable(typeof(Part<ProposalsModel>))]
[JsonSerializable(typeof(ProblemModel))]
internal sealed partial class ConsoleJson : JsonSerializerContext;

/// <summary>An error, by RFC 9457.</summary>
internal sealed record ProblemModel(
    string Title, int Status, string Detail, string Code, string? Permission = null, IReadOnlyList<string>? Mistakes = null);
