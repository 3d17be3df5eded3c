using NearCache.Coherence.Core;

namespace NearCache.Coherence.ServerRules.Core;

/// <summary>What is known of the rules on a server, at one moment. Any thread may ask.</summary>
internal sealed class RulesView
{
    private readonly Dictionary<RuleIdentity, long> _fillableFrom;
    private readonly KeyPredicate[] _covers;
    private readonly Timestamps _until;
    private readonly bool _bumpsEverything;

    /// <param name="fillableFrom">From which monotonic millisecond a rule may fill.</param>
    /// <param name="covers">Sets and rules whose keys are bumped.</param>
    /// <param name="until">When the view has outlived its lease.</param>
    /// <param name="bumpsEverything">There is no view: every key is bumped.</param>
    public RulesView(Dictionary<RuleIdentity, long> fillableFrom, KeyPredicate[] covers, Timestamps until, bool bumpsEverything) =>
        (_fillableFrom, _covers, _until, _bumpsEverything) = (fillableFrom, covers, until, bumpsEverything);

    /// <summary>May what is read from the server be kept near by this rule? Every writer can be relied upon to count by now.</summary>
    public bool MayFill(RuleIdentity rule, in Timestamps now) => _fillableFrom.TryGetValue(rule, out var from) && now.Monotonic >= from;

    /// <summary>
    /// Must a mutation of this key be counted? Asked before it is sent (where <see cref="BumpDecision.ReadFirst"/> may wait) and again
    /// after it was answered.
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

    /// <summary>Is it no older than its lease? On both clocks: a machine that slept has an old view by the wall clock alone.</summary>
    public bool IsFresh(in Timestamps now) => now.Monotonic < _until.Monotonic && now.Wall < _until.Wall;
}

/// <summary>Whether a mutation is to be counted on its server.</summary>
internal enum BumpDecision
{
    /// <summary>No process may keep the key near.</summary>
    None,

    /// <summary>Some process may, or nobody can know.</summary>
    Bump,

    /// <summary>The view of the server's rules has outlived its lease: read them again, then ask again. If that fails: bump.</summary>
    ReadFirst,
}
