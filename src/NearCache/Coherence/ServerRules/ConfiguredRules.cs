using NearCache.Rules;

namespace NearCache.Coherence.ServerRules;

/// <summary>
/// The rules of this process's configuration: a registry begins with them; where there is none, they are what is in force, each time that
/// they change.
/// </summary>
/// <remarks>Asked by one thread at a time.</remarks>
/// <param name="rules">As the process starts with them.</param>
/// <param name="hasRegistry">Whether there is a registry.</param>
internal sealed class ConfiguredRules(IEnumerable<RuleOptions> rules, bool hasRegistry)
{
    private RuleOptions[] _rules = [.. rules];
    private bool _isApplied;

    /// <summary>Whether a registry decides, and not these.</summary>
    public bool HasRegistry => hasRegistry;

    /// <summary>The rules as they are now.</summary>
    public IReadOnlyList<Rule> Rules => [.. _rules.Select(Rule.From)];

    /// <summary>What of these the registry says otherwise; empty: nothing.</summary>
    public IReadOnlyList<string> Differences(RuleSet registry)
    {
        List<string> differences = [];
        foreach (var rule in RuleSet.Seed(_rules).Rules)
        {
            var other = registry.Rules.FirstOrDefault(candidate => candidate.Name == rule.Name);
            if (other is null)
            {
                differences.Add($"{rule.Name} ({rule.Match}) is not there");
            }
            else if (!other.Match.Equals(rule.Match))
            {
                differences.Add($"{rule.Name} covers {other.Match} there, and {rule.Match} here");
            }
            else if (
                !RuleSet.Create(0, [rule with { Since = 1 }], [])
                    .HasSameRules(RuleSet.Create(0, [other with { Since = 1, Others = UnknownMembers.None }], [])))
            {
                differences.Add($"{rule.Name} has other settings there");
            }
        }

        return differences;
    }

    /// <summary>The set that a registry begins with.</summary>
    public RuleSet Seed(long revision) => RuleSet.Seed(_rules, revision);

    /// <summary>The configuration was loaded again.</summary>
    /// <returns>Whether its rules are others than before.</returns>
    public bool Change(IEnumerable<RuleOptions> rules)
    {
        RuleOptions[] next = [.. rules.Select(rule => rule.Copy())];
        if (RuleSet.Seed(next).IsSame(RuleSet.Seed(_rules)))
        {
            return false;
        }

        // What waits for the first look at a server has its turn then.
        _isApplied = false;
        _rules = next;
        return true;
    }

    /// <summary>The set to be put in the place of the applied one, once after each change; null: none.</summary>
    /// <remarks>Where there is no registry, whoever comes with other rules than those in force puts his own in their place.</remarks>
    public RuleSet? Next(RuleSet applied)
    {
        if (hasRegistry || _isApplied)
        {
            return null;
        }

        _isApplied = true;
        return RuleSet.Configured(_rules, applied.Revision == 0 ? null : applied);
    }
}
