namespace NearCache.Rules;

/// <summary>Builds the nodes of a <see cref="RuleTrie"/>.</summary>
internal sealed class RuleTrieBuilder
{
    private readonly List<RuleTrieNode> _nodes = [];
    private readonly List<int> _children = [];
    private readonly List<string> _prefixes = [];
    private readonly List<RuleCandidate[]> _candidates = [];
    private readonly KeyValuePair<string, RuleCandidate[]>[] _sorted;

    public RuleTrieBuilder(IEnumerable<ActiveRule> rules)
    {
        _sorted =
        [
            .. rules.GroupBy(rule => rule.Rule.Match.LiteralPrefix, StringComparer.Ordinal)
                .OrderBy(group => group.Key, StringComparer.Ordinal)
                .Select(group => KeyValuePair.Create<string, RuleCandidate[]>(
                    group.Key, [.. group.OrderByDescending(rule => rule.Rule.Match.Specificity).Select(rule => new RuleCandidate(rule))])),
        ];
        Add(0, _sorted.Length, depth: 0, above: -1);
    }

    public RuleTrieNode[] Nodes => [.. _nodes];

    public int[] Children => [.. _children];

    public string[] Prefixes => [.. _prefixes];

    public RuleCandidate[][] Candidates => [.. _candidates];

    // Adds the node of the prefixes [start, end), which share their first characters, and all nodes below it.
    private int Add(int start, int end, int depth, int above)
    {
        var index = _nodes.Count;
        var ends = start < end && _sorted[start].Key.Length == depth;
        _nodes.Add(default);
        _prefixes.Add(start < end ? _sorted[start].Key[..depth] : "");
        _candidates.Add(ends ? _sorted[start].Value : []);
        start += ends ? 1 : 0;
        var withRules = ends ? index : above;
        if (start == end)
        {
            _nodes[index] = new RuleTrieNode(depth, 0, 0, 0, withRules, above);
            return index;
        }

        var (first, letters, children) = (
            _sorted[start].Key[depth], _sorted[end - 1].Key[depth] - _sorted[start].Key[depth] + 1, _children.Count);
        _nodes[index] = new RuleTrieNode(depth, first, letters, children, withRules, above);
        _children.AddRange(Enumerable.Repeat(0, letters));
        while (start < end)
        {
            var letter = _sorted[start].Key[depth];
            var next = start + 1;
            while (next < end && _sorted[next].Key[depth] == letter)
            {
                next++;
            }

            var parting = _sorted[start].Key.AsSpan().CommonPrefixLength(_sorted[next - 1].Key);
            _children[children + letter - first] = Add(start, next, parting, withRules);
            start = next;
        }

        return index;
    }
}
