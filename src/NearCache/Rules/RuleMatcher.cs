using System.Collections.Frozen;

namespace NearCache.Rules;

/// <summary>Compiled rules: exact keys by dictionary, prefixes and globs by a trie. The most specific one wins.</summary>
/// <remarks>Immutable; any thread may ask.</remarks>
internal sealed class RuleMatcher
{
    private readonly FrozenDictionary<string, ActiveRule>.AlternateLookup<ReadOnlySpan<char>> _exact;
    private readonly RuleTrie _trie;
    private readonly ulong _lengths;   // bit n: an exact key has n letters, modulo 64
    private readonly ulong _firsts;    // the same for its first letter

    /// <summary>Compiles enabled rules that do not tie.</summary>
    public RuleMatcher(IReadOnlyCollection<ActiveRule> rules)
    {
        Rules = rules;
        var exact = rules.Where(rule => rule.Rule.Match.Kind == KeyPatternKind.Exact)
            .ToFrozenDictionary(rule => rule.Rule.Match.Text, StringComparer.Ordinal);
        _exact = exact.GetAlternateLookup<ReadOnlySpan<char>>();
        _lengths = exact.Keys.Aggregate(0ul, (bits, key) => bits | (1ul << (key.Length & 63)));
        _firsts = exact.Keys.Aggregate(0ul, (bits, key) => bits | (1ul << (key[0] & 63)));
        _trie = new RuleTrie(rules.Where(rule => rule.Rule.Match.Kind != KeyPatternKind.Exact));
    }

    /// <summary>Covers no key.</summary>
    public static RuleMatcher None { get; } = new([]);

    /// <summary>What it was made from.</summary>
    public IReadOnlyCollection<ActiveRule> Rules { get; }

    /// <summary>The rule that covers the key, or null. Whether it is on is for the caller to ask.</summary>
    public ActiveRule? Find(ReadOnlySpan<char> key)
    {
        // Most keys are no exact rule's, and two bits tell without hashing them.
        var mayBeExact = !key.IsEmpty && ((_lengths >> (key.Length & 63)) & (_firsts >> (key[0] & 63)) & 1) != 0;
        return mayBeExact && _exact.TryGetValue(key, out var rule) ? rule : _trie.Find(key);
    }

    /// <summary>Does any rule cover the key?</summary>
    public bool Matches(ReadOnlySpan<char> key) => Find(key) is not null;
}
