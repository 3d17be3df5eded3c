namespace NearCache.Coherence.ServerRules.Core;

/// <summary>A set of rules, as far as leases care.</summary>
/// <param name="revision">Grows with each edit.</param>
/// <param name="content">The bytes that stand for it outside.</param>
/// <param name="rules">The enabled ones.</param>
/// <param name="covers">Does any of them cover a key?</param>
internal sealed class LeasedRuleSet(long revision, ReadOnlyMemory<byte> content, IReadOnlyList<LeasedRule> rules, KeyPredicate covers)
{
    /// <summary>No rules, older than any other set.</summary>
    public static LeasedRuleSet None { get; } = new(0, default, [], static _ => false);

    public long Revision => revision;

    public IReadOnlyList<LeasedRule> Rules => rules;

    /// <summary>Does any rule cover the key?</summary>
    public bool Covers(ReadOnlySpan<char> key) => covers(key);

    /// <summary>Is the rule in it, unchanged?</summary>
    public bool Has(RuleIdentity rule)
    {
        foreach (var candidate in rules)
        {
            if (candidate.Identity == rule)
            {
                return true;
            }
        }

        return false;
    }

    /// <summary>Is it byte for byte the other?</summary>
    public bool IsSame(LeasedRuleSet other) =>
        ReferenceEquals(this, other) || (Revision == other.Revision && Bytes.Span.SequenceEqual(other.Bytes.Span));

    private ReadOnlyMemory<byte> Bytes => content;
}
