namespace NearCache.Coherence.Ledger.Core;

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
