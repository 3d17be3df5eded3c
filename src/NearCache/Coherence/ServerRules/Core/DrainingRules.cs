using NearCache.Coherence.Core;

namespace NearCache.Coherence.ServerRules.Core;

/// <summary>
/// Rules that are gone here, but by which another process may still serve: their keys are bumped until their server has been seen without
/// them for long enough.
/// </summary>
internal sealed class DrainingRules
{
    private readonly Dictionary<RuleIdentity, Draining> _rules = [];

    /// <summary>The keys that they cover.</summary>
    public IEnumerable<KeyPredicate> Covers => _rules.Values.Select(rule => rule.Covers);

    /// <summary>A rule is gone. <paramref name="seenWithout"/>: when the server was seen without it; null: not yet.</summary>
    public void Add(in LeasedRule rule, Timestamps? seenWithout) => _rules.TryAdd(rule.Identity, new Draining(rule.Covers, seenWithout));

    /// <summary>A set is in force here, whose rules are bumped anyway.</summary>
    public void Returned(LeasedRuleSet set)
    {
        foreach (var rule in set.Rules)
        {
            _rules.Remove(rule.Identity);
        }
    }

    /// <summary>The server carried this set.</summary>
    public void Seen(LeasedRuleSet set, Timestamps received)
    {
        foreach (var (identity, rule) in _rules)
        {
            _rules[identity] = rule with { SeenWithout = set.Has(identity) ? null : rule.SeenWithout ?? received };
        }
    }

    /// <summary>Forgets those that the server was seen without for so long. True: there were some.</summary>
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

    /// <summary>When the next one may be forgotten.</summary>
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
