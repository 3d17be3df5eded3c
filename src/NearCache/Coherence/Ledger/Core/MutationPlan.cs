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
