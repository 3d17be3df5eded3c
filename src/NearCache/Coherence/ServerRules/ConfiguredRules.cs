using NearCache.Rules;

namespace NearCache.Coherence.ServerRules;

/// <summary>
/// The rules of this process's configuration. A new registry starts with them; without a registry they are in force, after each change.
/// </summary>
/// <remarks>Not thread-safe.</remarks>
/// <param name="rules">The rules at the start of the process.</param>
/// <param name="hasRegistry">Whether there is a registry.</param>
internal sealed class ConfiguredRules(IEnumerable<RuleOptions> rules, bool hasRegistry)
{
    private RuleOptions[] _rules = [.. rules];
    private bool _isApplied;

    /// <summary>Gets whether a registry decides instead of these rules.</summary>
    public bool HasRegistry => hasRegistry;

    /// <summary>Gets the current rules.</summary>
    public IReadOnlyList<Rule> Rules => [.. _rules.Select(Rule.From)];

    /// <summary>Returns how these rules differ from those of the registry; empty if they do not.</summary>
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
            else if (!RuleSet.HaveSameSettings(rule, other with { Others = UnknownMembers.None }))
            {
                differences.Add($"{rule.Name} has other settings there");
            }
        }

        return differences;
    }

    /// <summary>Returns the set that a new registry starts with.</summary>
    public RuleSet Seed(long revision) => RuleSet.Seed(_rules, revision);

    /// <summary>Applies a reloaded configuration.</summary>
    /// <returns>Whether the rules have changed.</returns>
    public bool Change(IEnumerable<RuleOptions> rules)
    {
        RuleOptions[] next = [.. rules.Select(rule => rule.Copy())];
        if (RuleSet.Seed(next).IsSame(RuleSet.Seed(_rules)))
        {
            return false;
        }

        // A change before the first read of a server comes into force with that read.
        _isApplied = false;
        _rules = next;
        return true;
    }

    /// <summary>Returns the set that replaces the applied one, once after each change; null if there is none.</summary>
    /// <remarks>Without a registry, a process with other rules than those in force replaces them by its own.</remarks>
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
