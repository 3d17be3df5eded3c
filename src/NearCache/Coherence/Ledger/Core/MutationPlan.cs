using NearCache.Coherence.Core;

namespace NearCache.Coherence.Ledger.Core;

/// <summary>The commands of a mutation of a near key, in their order in one write on one connection.</summary>
internal static class MutationPlan<TProtocol>
    where TProtocol : struct, ICoherenceProtocol
{
    /// <summary>Gets the mutation, the increment of its segment, and the increment of the total.</summary>
    public static IReadOnlyList<MutationCommand> Order { get; } = [.. TProtocol.MutationOrder];

    /// <summary>Gets the two increments without the mutation: for an owed bump, or if the rules matched only after the mutation.</summary>
    public static IReadOnlyList<MutationCommand> BumpsOnly { get; } = [.. Order.Where(command => command != MutationCommand.Mutate)];
}

/// <summary>Specifies one of the commands of a counted write.</summary>
internal enum MutationCommand
{
    /// <summary>The command of the application.</summary>
    Mutate,

    /// <summary>Increments the counter of the key's segment. The reply is m.</summary>
    BumpSegment,

    /// <summary>Increments the counter of all mutations. The reply is n.</summary>
    BumpTotal,
}

/// <summary>The counters that a flush reads, in their order.</summary>
internal static class FlushPlan<TProtocol>
    where TProtocol : struct, ICoherenceProtocol
{
    /// <summary>Represents the total among the segments.</summary>
    public const int Total = -1;

    /// <summary>
    /// Gets the total, then segments 0 to 63. The total is never last: it would confirm mutations that the segments did not show yet.
    /// </summary>
    public static IReadOnlyList<int> Order { get; } = TProtocol.FlushReadsTotalFirst
        ? [Total, .. Enumerable.Range(0, KeyHash.Segments)]
        : [.. Enumerable.Range(0, KeyHash.Segments), Total];
}
