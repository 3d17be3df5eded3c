using NearCache.Coherence.ServerRules.Core;

namespace NearCache.Tests.Coherence.ServerRules;

/// <summary>A server's rules item as the leases see it, and sets to store there.</summary>
internal sealed class RulesOnServer
{
    private ulong _cas;

    public RulesReading Item { get; set; } = RulesReading.Absent;

    public uint? Flags => Item.Cas == 0 ? null : Item.Flags;

    /// <summary>Creates a set of rules that each cover the keys with their name and a colon as prefix; "name@since".</summary>
    public static LeasedRuleSet Set(long revision, params string[] rules)
    {
        LeasedRule[] carried = [.. rules.Select(rule => rule.Split('@')).Select(words => new LeasedRule(
            new RuleIdentity(words[0], long.Parse(words[1], null)), key => key.StartsWith(words[0] + ":")))];
        return new LeasedRuleSet(
            revision,
            System.Text.Encoding.UTF8.GetBytes($"{revision} {string.Join(' ', rules)}"),
            carried,
            key =>
            {
                foreach (var rule in carried)
                {
                    if (rule.Covers(key))
                    {
                        return true;
                    }
                }

                return false;
            });
    }

    /// <summary>Stores a set over any content.</summary>
    public void Put(LeasedRuleSet set, ulong incarnation, long settled = 0, bool lacksStops = false) => Item = new RulesReading(
        RulesFound.Set, (uint)HashCode.Combine(incarnation, set.Revision) | 1, ++_cas, incarnation, settled, set, lacksStops);

    /// <summary>Executes a step. Returns false if it was refused.</summary>
    public bool Do(RulesStep step, LeasedRuleSet applied)
    {
        var mayWrite = step.Kind == RulesStepKind.Add ? Item.Cas == 0 : Item.Cas != 0 && (step.Cas == 0 || step.Cas == Item.Cas);
        if (mayWrite)
        {
            Put(applied, step.Incarnation, step.Settled);
        }

        return mayWrite;
    }

    public void Evict() => Item = RulesReading.Absent;
}
