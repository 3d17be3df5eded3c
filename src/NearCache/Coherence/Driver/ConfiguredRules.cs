using NearCache.Rules;

namespace NearCache.Coherence.Driver;

/// <summary>The rules of this process's configuration: a registry begins with them; where there is none, they are what is in force, each time that they change.</summary>
/// <remarks>Asked by one thread at a time.</remarks>
/// <param name="rules">As the process starts with them.</param>
/// <param name="hasRegistry">Whether there is a registry.</param>
internal sealed class ConfiguredRules(IEnumerable<RuleOptions> rules, bool hasRegistry)
{
    private RuleOptions[] _rules = [.. rules];
    private bool _isApplied;

    /// <summary>Whether a registry decides, and not these.</summary>
    public bool HasRegistry => hasRegistry;

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
