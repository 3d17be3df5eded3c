namespace NearCache.Rules;

/// <summary>Finds the most specific prefix or glob that covers a key, by a trie of the literal prefixes.</summary>
/// <remarks>
/// The descent compares only the characters at which prefixes differ. Then one comparison with the reached prefix shows how much of it the
/// key has. Nodes lie in one array, so that a lookup touches few cache lines. Immutable; a lookup allocates nothing.
/// </remarks>
internal sealed class RuleTrie
{
    private readonly RuleTrieNode[] _nodes;   // the root is first
    private readonly int[] _children;   // of all nodes; 0: none
    private readonly string[] _prefixes;   // the characters that lead to each node
    private readonly RuleCandidate[][] _candidates;   // of each node, most specific first

    /// <summary>Compiles rules, without exact ones.</summary>
    public RuleTrie(IEnumerable<ActiveRule> rules)
    {
        var builder = new RuleTrieBuilder(rules);
        (_nodes, _children, _prefixes, _candidates) = (builder.Nodes, builder.Children, builder.Prefixes, builder.Candidates);
    }

    /// <summary>Returns the rule that covers the key; null if there is none.</summary>
    public ActiveRule? Find(ReadOnlySpan<char> key)
    {
        var nodes = _nodes;
        var at = 0;
        while (true)
        {
            ref readonly var node = ref nodes[at];
            if (node.Depth >= key.Length)
            {
                break;
            }

            var letter = (uint)(key[node.Depth] - node.FirstLetter);
            if (letter >= (uint)node.Letters || _children[node.FirstChild + (int)letter] is var child && child == 0)
            {
                break;
            }

            at = child;
        }

        // A longer literal prefix is more specific than any shorter one.
        var common = key.CommonPrefixLength(_prefixes[at]);
        for (at = nodes[at].WithRules; at >= 0; at = nodes[at].Above)
        {
            if (nodes[at].Depth > common)
            {
                continue;
            }

            var rest = key[nodes[at].Depth..];
            foreach (ref readonly var candidate in _candidates[at].AsSpan())
            {
                if (candidate.Covers(rest))
                {
                    return candidate.Rule;
                }
            }
        }

        return null;
    }
}

/// <summary>A node at which prefixes differ or end.</summary>
/// <param name="Depth">The number of characters that lead to it.</param>
/// <param name="FirstLetter">The lowest character of its children.</param>
/// <param name="Letters">The size of the range of its children's characters.</param>
/// <param name="FirstChild">The index of its first child.</param>
/// <param name="WithRules">This node if literal prefixes end here, otherwise the nearest such node above; −1 if there is none.</param>
/// <param name="Above">The nearest node above this one with rules; −1 if there is none.</param>
internal readonly record struct RuleTrieNode(int Depth, int FirstLetter, int Letters, int FirstChild, int WithRules, int Above);
