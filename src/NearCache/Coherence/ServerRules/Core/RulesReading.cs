using NearCache.Coherence.Core;

namespace NearCache.Coherence.ServerRules.Core;

/// <summary>The rules item of a server, as read.</summary>
/// <param name="Found">What is there.</param>
/// <param name="Flags">The item's client flags: a hash of incarnation, revision and content.</param>
/// <param name="Cas">The item's CAS number; 0: there is no item.</param>
/// <param name="Incarnation">The life of the item: random, chosen by whoever added it.</param>
/// <param name="Settled">Rules with a since up to this revision have been there for a whole lease.</param>
/// <param name="Set">The set.</param>
/// <param name="StopsDiffer">The item has other stops than those that this process knows, its own merged in.</param>
/// <param name="Origin">Where the CAS was read.</param>
internal sealed record RulesReading(
    RulesFound Found, uint Flags, ulong Cas, ulong Incarnation = 0, long Settled = 0, LeasedRuleSet? Set = null, bool StopsDiffer = false, CasOrigin Origin = default)
{
    /// <summary>There is no item.</summary>
    public static RulesReading Absent { get; } = new(RulesFound.Nothing, 0, 0);
}

/// <summary>What was found where a server carries the rules.</summary>
internal enum RulesFound
{
    /// <summary>No set: nothing at all, or a stop that was put by hand.</summary>
    Nothing,

    /// <summary>Something that this process cannot read. It is left alone.</summary>
    Unreadable,

    /// <summary>A set.</summary>
    Set,
}
