using NearCache.Coherence.Core;

namespace NearCache.Coherence.ServerRules.Core;

/// <summary>
/// The decisions on which the activation of rules rests, one member each. Every default is the design; a test breaks one and must see its
/// checker object.
/// </summary>
internal interface IRuleLeaseProtocol
{
    /// <summary>A reader's lease runs from the receipt of what showed the rule: a writer's view may have been taken until then.</summary>
    static virtual Timestamps LeaseStarts(Timestamps sent, Timestamps received) => received;

    /// <summary>A writer's view ages from the sending of what it was read by.</summary>
    static virtual Timestamps ViewStarts(Timestamps sent, Timestamps received) => sent;

    /// <summary>A new life of the item ends the leases: before it, writers may have read an older set there.</summary>
    static virtual bool KeepsLeases(ulong incarnation, ulong before) => incarnation == before;

    /// <summary>A set replaces only an older one that was read, by compare-and-set.</summary>
    static virtual bool ComparesBeforeReplacing => true;

    /// <summary>Near entries are dropped when the leases of their server end.</summary>
    static virtual bool VoidsWithLeases => true;

    /// <summary>A set is marked settled when all its rules may fill here.</summary>
    static virtual bool HasSettled(long fillableFrom, long now) => fillableFrom <= now;
}

/// <summary>The activation of rules, unbroken.</summary>
internal readonly struct RuleLeaseProtocol : IRuleLeaseProtocol;
