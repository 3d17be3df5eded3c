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

/// <summary>An enabled rule of a set, as far as leases care.</summary>
/// <param name="Identity">What leases are kept by.</param>
/// <param name="Covers">The keys that it covers, whatever other rules say.</param>
internal readonly record struct LeasedRule(RuleIdentity Identity, KeyPredicate Covers);

/// <summary>A rule between two changes of its match or enable.</summary>
/// <param name="Name">Its name.</param>
/// <param name="Since">The revision of the set in which match or enable last changed.</param>
/// <param name="Match">
/// The keys that it covers: two processes may make the same revision of different rules, and a lease of one is none of the other.
/// </param>
internal readonly record struct RuleIdentity(string Name, long Since, string Match = "")
{
    // Asked by every fill; a set has few rules, and reading all letters would cost more than to compare twice now and then.
    public override int GetHashCode() =>
        Name.Length == 0 ? (int)Since : unchecked(((int)Since * 397) ^ (Name.Length << 16) ^ (Name[^1] << 5) ^ Name[Name.Length / 2]);
}

/// <summary>Says whether a rule, or any rule of a set, covers a key.</summary>
internal delegate bool KeyPredicate(ReadOnlySpan<char> key);
