namespace NearCache.Coherence.ServerRules.Core;

/// <summary>A set of rules, as the leases know it.</summary>
/// <param name="revision">The revision, which grows with each edit.</param>
/// <param name="content">The stored bytes of the set.</param>
/// <param name="rules">The enabled rules.</param>
/// <param name="covers">Returns whether any rule covers a key.</param>
internal sealed class LeasedRuleSet(long revision, ReadOnlyMemory<byte> content, IReadOnlyList<LeasedRule> rules, KeyPredicate covers)
{
    /// <summary>Gets a set without rules, older than any other.</summary>
    public static LeasedRuleSet None { get; } = new(0, default, [], static _ => false);

    public long Revision => revision;

    public IReadOnlyList<LeasedRule> Rules => rules;

    /// <summary>Returns whether any rule covers the key.</summary>
    public bool Covers(ReadOnlySpan<char> key) => covers(key);

    /// <summary>Returns whether the set contains the rule, unchanged.</summary>
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

    /// <summary>Returns whether both sets have the same bytes.</summary>
    public bool IsSame(LeasedRuleSet other) =>
        ReferenceEquals(this, other) || (Revision == other.Revision && Bytes.Span.SequenceEqual(other.Bytes.Span));

    private ReadOnlyMemory<byte> Bytes => content;
}

/// <summary>An enabled rule of a set, as the leases know it.</summary>
/// <param name="Identity">The identity of its lease.</param>
/// <param name="Covers">Returns whether the rule covers a key, regardless of other rules.</param>
internal readonly record struct LeasedRule(RuleIdentity Identity, KeyPredicate Covers);

/// <summary>Identifies a rule between two changes of its match or enable.</summary>
/// <param name="Name">The name of the rule.</param>
/// <param name="Since">The revision of the set in which match or enable last changed.</param>
/// <param name="Match">
/// The pattern of keys. Two processes may create the same revision with different rules, and a lease of one is none of the other.
/// </param>
internal readonly record struct RuleIdentity(string Name, long Since, string Match = "")
{
    // Called by every fill. A set has few rules, so a collision now and then costs less than hashing all characters.
    public override int GetHashCode() =>
        Name.Length == 0 ? (int)Since : unchecked(((int)Since * 397) ^ (Name.Length << 16) ^ (Name[^1] << 5) ^ Name[Name.Length / 2]);
}

/// <summary>Returns whether a rule, or any rule of a set, covers a key.</summary>
internal delegate bool KeyPredicate(ReadOnlySpan<char> key);
