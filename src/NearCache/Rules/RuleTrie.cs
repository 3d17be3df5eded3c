namespace NearCache.Rules;

/// <summary>Finds the most specific prefix or glob that covers a key, by walking the literal prefixes letter by letter.</summary>
/// <remarks>
/// On the way down only the letters at which prefixes part are looked at; then one comparison with the prefix that was reached says how
/// much of it the key has. Nodes lie in one array, so that a walk touches few cache lines. Built once, then read by any thread; a look-up
/// allocates nothing.
/// </remarks>
internal sealed class RuleTrie
{
    private readonly RuleTrieNode[] _nodes;   // the root first
    private readonly int[] _children;         // of all nodes; 0: none
    private readonly string[] _prefixes;      // the letters that lead to each node
    private readonly RuleCandidate[][] _candidates;   // of each node, most specific first

    /// <summary>Compiles rules; exact ones are not for here.</summary>
    public RuleTrie(IEnumerable<ActiveRule> rules)
    {
        var builder = new RuleTrieBuilder(rules);
        (_nodes, _children, _prefixes, _candidates) = (builder.Nodes, builder.Children, builder.Prefixes, builder.Candidates);
    }

    /// <summary>The rule that covers the key, or null.</summary>
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

        // A longer literal prefix is more specific than anything above it.
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

/// <summary>A place at which prefixes part or end.</summary>
/// <param name="Depth">How many letters lead here.</param>
/// <param name="FirstLetter">The lowest letter by which it goes on.</param>
/// <param name="Letters">How many letters from that on have a place among the children.</param>
/// <param name="FirstChild">Where its children begin.</param>
/// <param name="WithRules">This place if rules' literal prefixes end here, else the nearest one above; −1: none.</param>
/// <param name="Above">The nearest one above this with rules; −1: none.</param>
internal readonly record struct RuleTrieNode(int Depth, int FirstLetter, int Letters, int FirstChild, int WithRules, int Above);
