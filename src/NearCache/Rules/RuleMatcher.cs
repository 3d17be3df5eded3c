using System.Collections.Frozen;

namespace NearCache.Rules;

/// <summary>Compiled rules: a dictionary of exact keys, and a trie of prefixes and globs. The most specific rule wins.</summary>
/// <remarks>Immutable.</remarks>
internal sealed class RuleMatcher
{
    private readonly FrozenDictionary<string, ActiveRule>.AlternateLookup<ReadOnlySpan<char>> _exact;
    private readonly RuleTrie _trie;
    private readonly ulong _lengths;   // bit n: an exact key has n characters, modulo 64
    private readonly ulong _firsts;   // the same for its first character

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

    /// <summary>Gets a matcher that covers no key.</summary>
    public static RuleMatcher None { get; } = new([]);

    /// <summary>Gets the compiled rules.</summary>
    public IReadOnlyCollection<ActiveRule> Rules { get; }

    /// <summary>Returns the rule that covers the key, on or off; null if there is none.</summary>
    public ActiveRule? Find(ReadOnlySpan<char> key)
    {
        // Most keys have no exact rule, and two bits show that without hashing them.
        var mayBeExact = !key.IsEmpty && ((_lengths >> (key.Length & 63)) & (_firsts >> (key[0] & 63)) & 1) != 0;
        return mayBeExact && _exact.TryGetValue(key, out var rule) ? rule : _trie.Find(key);
    }

    /// <summary>Returns whether any rule covers the key.</summary>
    public bool Matches(ReadOnlySpan<char> key) => Find(key) is not null;
}
