using NearCache.Diagnostics;

namespace NearCache.Rules;

/// <summary>The rules at work in this process: asked by every read and write, changed by edits and stops.</summary>
/// <remarks>Any thread may ask <see cref="Matcher"/>. Changes come from one thread at a time.</remarks>
/// <param name="defaults">What counts where a rule does not say.</param>
/// <param name="isBroken">Every rule covers every key: for tests.</param>
internal sealed class RuleTable(RuleDefaults defaults, bool isBroken = false)
{
    private RuleDefaults _defaults = defaults;
    private volatile RuleMatcher _matcher = RuleMatcher.None;
    private volatile RuleMatcher? _tried;
    private StopSet _seen = StopSet.None;

    /// <summary>The rules of the applied set that are enabled, compiled. A rule in it may be off: it is stopped.</summary>
    public RuleMatcher Matcher => _matcher;

    /// <summary>The rules of the applied set that are dry runs, compiled; null: there is none.</summary>
    public RuleMatcher? Tried => _tried;

    /// <summary>The near hits of all rules, also of those that are gone. Each rule is a part.</summary>
    public PerThreadCounter NearHits { get; } = new();

    /// <summary>The built-in rule of the tags' versions: on as long as anything may be near at all.</summary>
    public ActiveRule Tags { get; } = BuiltIn(defaults);

    /// <summary>The applied set.</summary>
    public RuleSet Applied { get; private set; } = RuleSet.Empty;

    /// <summary>The stops that count: all that were seen, without those that the applied set clears.</summary>
    public StopSet Stops { get; private set; } = StopSet.None;

    /// <summary>Some set that was found cannot be read here: no rule is on until <see cref="BecameReadable"/>.</summary>
    public bool IsUnreadable { get; private set; }

    /// <summary>Applies a set. Rules whose match and enable did not change keep their object, and their entries.</summary>
    /// <returns>The rules that were switched off or on by it.</returns>
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

    /// <summary>A rule as keys are compared with it.</summary>
    public Rule AsMatched(Rule rule) => isBroken ? rule with { Match = new KeyPattern("*") } : rule;

    /// <summary>What counts where a rule does not say has changed.</summary>
    public void Reload(RuleDefaults defaults)
    {
        _defaults = defaults;
        foreach (var rule in _matcher.Rules.Concat(_tried?.Rules ?? []))
        {
            rule.Update(rule.Rule, defaults);
        }
    }

    /// <summary>Adds stops from wherever they were seen.</summary>
    /// <returns>The rules that were switched off by them.</returns>
    public IReadOnlyList<ActiveRule> Merge(StopSet stops)
    {
        _seen = _seen.Union(stops);
        return SwitchAll([]);
    }

    /// <summary>A set was found that this process cannot read, in the registry or on any server: near caching is off.</summary>
    public IReadOnlyList<ActiveRule> BecameUnreadable()
    {
        IsUnreadable = true;
        return SwitchAll([]);
    }

    /// <summary>No unreadable set is left.</summary>
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
