using System.Text.Json.Serialization;
using NearCache.Management.Core;

namespace NearCache.Management.Storage;

/// <summary>A line of a stored day: the summary of a minute, or a change.</summary>
internal sealed record StoredLine
{
    /// <summary>Gets the time.</summary>
    public required DateTimeOffset At { get; init; }

    /// <summary>Gets the level of the verdict, or of the change.</summary>
    public HealthLevel Level { get; init; }

    /// <summary>Gets the figures of a minute by series; null for a change.</summary>
    public Dictionary<string, double>? Values { get; init; }

    /// <summary>Gets the change; null for a minute.</summary>
    public Change? Change { get; init; }
}

/// <summary>What is stored of a day.</summary>
/// <param name="Minutes">The summaries of its minutes, the oldest first.</param>
/// <param name="Changes">Its changes, the oldest first.</param>
internal sealed record StoredDay(IReadOnlyList<HistoryPoint> Minutes, IReadOnlyList<Change> Changes);

/// <summary>How stored lines are written.</summary>
[JsonSourceGenerationOptions(
    PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase,
    DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull,
    UseStringEnumConverter = true)]
[JsonSerializable(typeof(StoredLine))]
internal sealed partial class StorageJson : JsonSerializerContext;
