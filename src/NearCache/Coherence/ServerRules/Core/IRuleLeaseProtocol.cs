using NearCache.Coherence.Core;

namespace NearCache.Coherence.ServerRules.Core;

/// <summary>
/// The decisions on which the activation of rules rests, one member each. Each default is the protocol; tests replace one member and must
/// see their checker object.
/// </summary>
internal interface IRuleLeaseProtocol
{
    /// <summary>
    /// Returns the start of a reader's lease: the receipt of the reply that showed the rule. A writer's view may be as young as that.
    /// </summary>
    static virtual Timestamps LeaseStarts(Timestamps sent, Timestamps received) => received;

    /// <summary>Returns the start of a writer's view: the sending of the read.</summary>
    static virtual Timestamps ViewStarts(Timestamps sent, Timestamps received) => sent;

    /// <summary>
    /// Returns whether leases survive another incarnation of the item. They do not: before it, writers may have read an older set there.
    /// </summary>
    static virtual bool KeepsLeases(ulong incarnation, ulong before) => incarnation == before;

    /// <summary>Gets whether a set replaces only an older one that was read, by compare-and-set.</summary>
    static virtual bool ComparesBeforeReplacing => true;

    /// <summary>Gets whether near entries are dropped when the leases of their server end.</summary>
    static virtual bool VoidsWithLeases => true;

    /// <summary>Returns whether a set is marked as settled: all its rules may fill here.</summary>
    static virtual bool HasSettled(long fillableFrom, long now) => fillableFrom <= now;
}

/// <summary>The protocol itself. Tests replace it to prove that they notice a broken one.</summary>
internal readonly struct RuleLeaseProtocol : IRuleLeaseProtocol;
