using NearCache.Coherence.Core;

namespace NearCache.Coherence.Ledger.Core;

/// <summary>Which counters the commands of a flush read, in order.</summary>
internal static class FlushPlan<TProtocol>
    where TProtocol : struct, ICoherenceProtocol
{
    /// <summary>Stands for the total among the segments.</summary>
    public const int Total = -1;

    /// <summary>
    /// The total, then segments 0 to 63: never the total last, which would confirm mutations that the segments did not show yet.
    /// </summary>
    public static IReadOnlyList<int> Order { get; } = TProtocol.FlushReadsTotalFirst
        ? [Total, .. Enumerable.Range(0, KeyHash.Segments)]
        : [.. Enumerable.Range(0, KeyHash.Segments), Total];
}
