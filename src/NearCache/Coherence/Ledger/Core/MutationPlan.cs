using NearCache.Coherence.Core;

namespace NearCache.Coherence.Ledger.Core;

/// <summary>Which commands a mutation of a near key consists of, in order, in one write on one connection.</summary>
internal static class MutationPlan<TProtocol>
    where TProtocol : struct, ICoherenceProtocol
{
    /// <summary>The mutation, then the bump of its segment, then the bump of the total.</summary>
    public static IReadOnlyList<MutationCommand> Order { get; } = [.. TProtocol.MutationOrder];

    /// <summary>
    /// What is bumped to pay a debt, or when the rules turned out to match only after the mutation: the same without the mutation.
    /// </summary>
    public static IReadOnlyList<MutationCommand> BumpsOnly { get; } = [.. Order.Where(command => command != MutationCommand.Mutate)];
}

/// <summary>One of the commands that a mutation of a near key consists of.</summary>
internal enum MutationCommand
{
    /// <summary>The application's own command.</summary>
    Mutate,

    /// <summary>Add one to the counter of the key's segment; its answer is m.</summary>
    BumpSegment,

    /// <summary>Add one to the counter of all mutations; its answer is n.</summary>
    BumpTotal,
}

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
