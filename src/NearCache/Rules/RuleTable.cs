using NearCache.Diagnostics;

namespace NearCache.Rules;

/// <summary>
/// The active rules of this process: read by every read and write, changed by edits and stops. The main type of the rules folder.
/// </summary>
/// <remarks><see cref="Matcher"/> is thread-safe. Changes are made by one thread at a time.</remarks>
/// <param name="defaults">The defaults of settings that a rule leaves out.</param>
/// <param name="isBroken">Whether every rule covers every key. For tests.</param>
internal sealed class RuleTable(RuleDefaults defaults, bool isBroken = false)
{
    private RuleDefaults _defaults = defaults;
    private volatile RuleMatcher _matcher = RuleMatcher.None;
    private volatile RuleMatcher? _tried;
    private StopSet _seen = StopSet.None;

    /// <summary>Gets the compiled enabled rules of the applied set. A rule that is stopped is off.</summary>
    public RuleMatcher Matcher => _matcher;

    /// <summary>Gets the compiled dry runs of the applied set; null if there are none.</summary>
    public RuleMatcher? Tried => _tried;

    /// <summary>Gets the near hits of all rules, including removed ones. Each rule is a part.</summary>
    public PerThreadCounter NearHits { get; } = new();

    /// <summary>Gets the built-in rule of the tag versions. It is on as long as anything may be near.</summary>
    public ActiveRule Tags { get; } = BuiltIn(defaults);

    /// <summary>Gets the applied set.</summary>
    public RuleSet Applied { get; private set; } = RuleSet.Empty;

    /// <summary>Gets the stops that count: all that were seen, without those that the applied set clears.</summary>
    public StopSet Stops { get; private set; } = StopSet.None;

    /// <summary>Gets whether a set was found that cannot be read. Then no rule is on until <see cref="BecameReadable"/>.</summary>
    public bool IsUnreadable { get; private set; }

    /// <summary>Applies a set. Rules with unchanged match and enable keep their object and their entries.</summary>
    /// <returns>The rules that were switched on or off.</returns>
    public IReadOnlyList<ActiveRule> Apply(RuleSet set)
    {
        var before = _matcher.Rules.Concat(_tried?.Rules ?? []).ToDictionary(rule => (rule.Name, rule.Since));
        var after = new List<ActiveRule>();
        foreach (var written in set.Rules.Where(rule => rule.Enabled || rule.DryRun))
        {
            var rule = AsMatched(written);
            if (before.Remove((rule.Name, rule.Since), out var active) && active.Rule.Match.Equals(rule.Match))
            {
                active.Update(rule, _defaults);
            }
            else
            {
                active = new ActiveRule(rule, _defaults, NearHits);
            }

            after.Add(active);
        }

        Applied = set;
        _matcher = new RuleMatcher([.. after.Where(rule => rule.DryRun is null)]);
        ActiveRule[] tried = [.. after.Where(rule => rule.DryRun is not null)];
        _tried = tried.Length == 0 ? null : new RuleMatcher(tried);
        return SwitchAll(before.Values);
    }

    /// <summary>Converts a rule to the form that is matched.</summary>
    public Rule AsMatched(Rule rule) => isBroken ? rule with { Match = new KeyPattern("*") } : rule;

    /// <summary>Sets the defaults of settings that a rule leaves out.</summary>
    public void Reload(RuleDefaults defaults)
    {
        _defaults = defaults;
        foreach (var rule in _matcher.Rules.Concat(_tried?.Rules ?? []))
        {
            rule.Update(rule.Rule, defaults);
        }
    }

    /// <summary>Adds stops from any place.</summary>
    /// <returns>The rules that were switched off.</returns>
    public IReadOnlyList<ActiveRule> Merge(StopSet stops)
    {
        _seen = _seen.Union(stops);
        return SwitchAll([]);
    }

    /// <summary>Switches near caching off, because the registry or a server has a set that this process cannot read.</summary>
    public IReadOnlyList<ActiveRule> BecameUnreadable()
    {
        IsUnreadable = true;
        return SwitchAll([]);
    }

    /// <summary>Switches near caching on, because every set is readable again.</summary>
    public IReadOnlyList<ActiveRule> BecameReadable()
    {
        IsUnreadable = false;
        return SwitchAll([]);
    }

    private static ActiveRule BuiltIn(RuleDefaults defaults)
    {
        var rule = new ActiveRule(new Rule("tags", new KeyPattern("~tag:*")), defaults, new PerThreadCounter());
        rule.Switch(on: true);
        return rule;
    }

    private List<ActiveRule> SwitchAll(IEnumerable<ActiveRule> removed)
    {
        _seen = _seen.Without(Applied.Cleared);
        Stops = _seen;
        Tags.Switch(!IsUnreadable && !Stops.StopsEverything);
        var switched = removed.Where(rule => rule.Switch(on: false)).ToList();
        switched.AddRange(_matcher.Rules.Where(rule => rule.Switch(!IsUnreadable && !Stops.IsStopped(rule.Name))));
        return switched;
    }
}
