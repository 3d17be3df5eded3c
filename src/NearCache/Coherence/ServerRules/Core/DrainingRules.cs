using NearCache.Coherence.Core;

namespace NearCache.Coherence.ServerRules.Core;

/// <summary>
/// Removed rules by which another process may still serve. Writes of their keys are counted until their server was seen
/// without them for long enough.
/// </summary>
internal sealed class DrainingRules
{
    private readonly Dictionary<RuleIdentity, Draining> _rules = [];

    /// <summary>Gets the tests of the keys that the rules cover.</summary>
    public IEnumerable<KeyPredicate> Covers => _rules.Values.Select(rule => rule.Covers);

    /// <summary>
    /// Adds a removed rule. <paramref name="seenWithout"/> is the time at which the server was seen without it; null if it was not
    /// yet.
    /// </summary>
    public void Add(in LeasedRule rule, Timestamps? seenWithout) => _rules.TryAdd(rule.Identity, new Draining(rule.Covers, seenWithout));

    /// <summary>Removes the rules of a set that is in force here, whose keys are counted anyway.</summary>
    public void Returned(LeasedRuleSet set)
    {
        foreach (var rule in set.Rules)
        {
            _rules.Remove(rule.Identity);
        }
    }

    /// <summary>Records that the server carries a set.</summary>
    public void Seen(LeasedRuleSet set, Timestamps received)
    {
        foreach (var (identity, rule) in _rules)
        {
            _rules[identity] = rule with { SeenWithout = set.Has(identity) ? null : rule.SeenWithout ?? received };
        }
    }

    /// <summary>Removes the rules that the server was seen without for long enough. Returns whether there were any.</summary>
    public bool Prune(long now, long drain)
    {
        var before = _rules.Count;
        foreach (var (identity, rule) in _rules)
        {
            if (rule.SeenWithout is { } seen && now - seen.Monotonic >= drain)
            {
                _rules.Remove(identity);
            }
        }

        return _rules.Count < before;
    }

    /// <summary>Returns when the next rule may be removed.</summary>
    public long NextPrune(long drain) => _rules.Values.Min(rule => rule.SeenWithout?.Monotonic + drain) ?? long.MaxValue;

    public DrainingRules Copy()
    {
        var copy = new DrainingRules();
        foreach (var (identity, rule) in _rules)
        {
            copy._rules.Add(identity, rule);
        }

        return copy;
    }

    private sealed record Draining(KeyPredicate Covers, Timestamps? SeenWithout);
}
