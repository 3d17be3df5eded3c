using NearCache.Coherence.Core;

namespace NearCache.Coherence.ServerRules.Core;

/// <summary>The content of a server's rules item.</summary>
/// <param name="Found">The kind of content.</param>
/// <param name="Flags">The client flags of the item: a hash of incarnation, revision and content.</param>
/// <param name="Cas">The CAS value of the item; 0 if there is no item.</param>
/// <param name="Incarnation">The life of the item: a random number, chosen by the process that added it.</param>
/// <param name="Settled">The highest revision whose rules have been there for a whole lease.</param>
/// <param name="Set">The set of rules.</param>
/// <param name="StopsDiffer">Whether the item has other stops than this process knows, its own included.</param>
/// <param name="Origin">The origin of the CAS value.</param>
internal sealed record RulesReading(
    RulesFound Found,
    uint Flags,
    ulong Cas,
    ulong Incarnation = 0,
    long Settled = 0,
    LeasedRuleSet? Set = null,
    bool StopsDiffer = false,
    CasOrigin Origin = default)
{
    /// <summary>Gets the reading of a missing item.</summary>
    public static RulesReading Absent { get; } = new(RulesFound.Nothing, 0, 0);
}

/// <summary>Specifies what a server's rules item holds.</summary>
internal enum RulesFound
{
    /// <summary>No set: no item, or a stop that was put by hand.</summary>
    Nothing,

    /// <summary>Content that this process cannot read, and does not overwrite.</summary>
    Unreadable,

    /// <summary>A set of rules.</summary>
    Set,
}
