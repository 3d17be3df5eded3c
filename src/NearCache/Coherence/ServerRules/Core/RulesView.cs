using NearCache.Coherence.Core;

namespace NearCache.Coherence.ServerRules.Core;

/// <summary>A snapshot of what is known of the rules on a server. Immutable.</summary>
internal sealed class RulesView
{
    private readonly Dictionary<RuleIdentity, long> _fillableFrom;
    private readonly KeyPredicate[] _covers;
    private readonly Timestamps _until;
    private readonly bool _bumpsEverything;

    /// <param name="fillableFrom">The monotonic millisecond from which each rule may fill.</param>
    /// <param name="covers">The tests of the keys whose writes are counted.</param>
    /// <param name="until">The end of the view's lease.</param>
    /// <param name="bumpsEverything">Whether there is no view, so that every write is counted.</param>
    public RulesView(Dictionary<RuleIdentity, long> fillableFrom, KeyPredicate[] covers, Timestamps until, bool bumpsEverything) =>
        (_fillableFrom, _covers, _until, _bumpsEverything) = (fillableFrom, covers, until, bumpsEverything);

    /// <summary>Returns whether values of the server may be kept near by this rule: every writer counts by now.</summary>
    public bool MayFill(RuleIdentity rule, in Timestamps now) => _fillableFrom.TryGetValue(rule, out var from) && now.Monotonic >= from;

    /// <summary>
    /// Returns the milliseconds until values of the server may be kept near by this rule, 0 if they may be; null if the server does not
    /// carry the rule.
    /// </summary>
    public long? FillsAfter(RuleIdentity rule, in Timestamps now) =>
        _fillableFrom.TryGetValue(rule, out var from) ? (from <= now.Monotonic ? 0 : from - now.Monotonic) : null;

    /// <summary>
    /// Returns whether a mutation of this key must be counted. Called before it is sent (where <see cref="BumpDecision.ReadFirst"/> may
    /// wait) and again after its reply.
    /// </summary>
    public BumpDecision Decide(ReadOnlySpan<char> key, in Timestamps now)
    {
        if (_bumpsEverything)
        {
            return BumpDecision.Bump;
        }

        foreach (var covers in _covers)
        {
            if (covers(key))
            {
                return BumpDecision.Bump;
            }
        }

        return IsFresh(now) ? BumpDecision.None : BumpDecision.ReadFirst;
    }

    /// <summary>
    /// Returns whether the view is within its lease. Compares both clocks: after a suspension only the wall clock shows that the view is
    /// old.
    /// </summary>
    public bool IsFresh(in Timestamps now) => now.Monotonic < _until.Monotonic && now.Wall < _until.Wall;
}

/// <summary>Specifies whether a mutation is counted on its server.</summary>
internal enum BumpDecision
{
    /// <summary>Not counted: no process may keep the key near.</summary>
    None,

    /// <summary>Counted: some process may keep the key near, or that is unknown.</summary>
    Bump,

    /// <summary>Unknown, since the lease of the view is over: read the rules and ask again. If the read fails, count.</summary>
    ReadFirst,
}
