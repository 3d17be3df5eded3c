using NearCache.Near.Eviction;

namespace NearCache.Tests.Near.Eviction;

/// <summary>Compares the choice of victims with a model of the contents, and with the hits of an exact LRU.</summary>
public sealed class EvictionPolicyTests
{
    // Random insertions, hits, removals, replacements, evictions and changes of the mode, with memory of keys and without: admissions are
    // refused and nodes change queues on the way.
    [Theory]
    [InlineData(1, true)]
    [InlineData(2, true)]
    [InlineData(3, false)]
    public void The_counts_match_a_model(int seed, bool remembers)
    {
        const int most = 200;
        var random = new Random(seed);
        var policy = new EvictionPolicy();
        if (remembers)
        {
            policy.Remember(most);
        }

        var model = new Dictionary<uint, EvictionNode>();
        var evicted = 0;
        for (var step = 0; step < 200_000; step++)
        {
            var hash = (uint)(1000 * Math.Pow(random.NextDouble(), 2));
            if (step % 10_000 == 0)
            {
                policy.Mode = EvictionMode.All[random.Next(EvictionMode.All.Length)];
            }

            if (model.TryGetValue(hash, out var node))
            {
                switch (random.Next(10))
                {
                    case 0:
                        policy.Remove(node);
                        model.Remove(hash);
                        break;
                    case 1:
                        policy.Replace(node, model[hash] = new EvictionNode(hash, random.Next(100)));
                        break;
                    default:
                        node.Uses = (byte)Math.Min(node.Uses + 1, EvictionNode.MaxUses);
                        break;
                }
            }
            else
            {
                for (var passes = 32; model.Count >= most; evicted++)
                {
                    var victim = policy.Evict(random.Next(2) == 0, ref passes, now: 0)!;
                    Assert.Equal(EvictionQueue.None, victim.Queue);
                    Assert.True(model.Remove(victim.Hash, out var same));
                    Assert.Same(same, victim);
                }

                policy.Add(model[hash] = new EvictionNode(hash, random.Next(100)));
            }

            Assert.Equal((model.Count, model.Values.Sum(held => held.Bytes)), (policy.Count, (int)policy.Bytes));
        }

        Assert.True(evicted > 1000);
        for (var passes = 0; policy.Evict(byBytes: false, ref passes, now: 0) is { } last;)
        {
            Assert.True(model.Remove(last.Hash));
        }

        Assert.Empty(model);
    }

    [Fact]
    public void One_eviction_passes_over_no_more_nodes_than_it_may()
    {
        foreach (var mode in EvictionMode.All)
        {
            var policy = new EvictionPolicy { Mode = mode };
            policy.Remember(1000);
            for (var hash = 0u; hash < 1000; hash++)
            {
                policy.Add(new EvictionNode(hash, 1) { Uses = EvictionNode.MaxUses });
            }

            var passes = 10;
            Assert.NotNull(policy.Evict(byBytes: false, ref passes, now: 0));
            Assert.InRange(passes, -1, 10);
        }
    }

    // Read k:i for the first time, then k:i-5 for the second: an LRU has all of the second reads, and a hand that sticks has none.
    [Fact]
    public void Recent_keys_are_kept_beside_a_formerly_hot_set()
    {
        var cache = new PolicyCache(1000);
        for (var key = 0; key < 21_000; key++)
        {
            cache.Read(key);
        }

        for (var turn = 0; turn < 3; turn++)
        {
            for (var key = 0; key < 1000; key++)
            {
                cache.Read(key);
            }
        }

        var hits = 0;
        for (var key = 1000; key < 21_000; key++)
        {
            cache.Read(key);
            hits += key >= 1005 && cache.Read(key - 5) ? 1 : 0;
        }

        Assert.True(hits >= 0.98 * 19_995, $"{hits} of 19,995 second reads are hits");
    }

    [Theory]
    [InlineData("loop", 0.80)]             // an LRU has 0; what there is room for: 0.91
    [InlineData("recency", 0.98)]          // of what an LRU has
    [InlineData("scan", 1.05)]
    [InlineData("shift", 0.98)]
    public void Hits_are_as_many_as_the_pattern_allows(string pattern, double least)
    {
        const int capacity = 1000;
        var cache = new PolicyCache(capacity);
        var lru = new ExactLru(capacity);
        var (hits, lruHits, reads) = (0, 0, 0);
        foreach (var key in Patterns(pattern))
        {
            hits += cache.Read(key) ? 1 : 0;
            lruHits += lru.Read(key) ? 1 : 0;
            reads++;
        }

        Assert.True(hits >= least * (pattern == "loop" ? reads : lruHits), $"{hits} of {reads} are hits, {lruHits} with an LRU");
    }

    private static IEnumerable<int> Patterns(string pattern)
    {
        const int reads = 300_000;
        var random = new Random(7);
        var (fresh, recent) = (1_000_000, new List<int>());
        for (var i = 0; i < reads; i++)
        {
            switch (pattern)
            {
                case "loop":
                    yield return i % 1100;
                    break;
                case "recency" when recent.Count < 10 || random.NextDouble() < 0.4:
                    recent.Add(fresh);
                    yield return fresh++;
                    break;
                case "recency":
                    yield return recent[^Math.Min(recent.Count, 1 + (int)(-300 * Math.Log(1 - random.NextDouble())))];
                    break;
                case "scan":
                    yield return i % 15_000 >= 10_000 ? fresh++ : (int)Math.Pow(10_000, random.NextDouble());
                    break;
                default:
                    yield return random.NextDouble() < 0.9 ? (i / 20_000 * 800) + random.Next(800) : fresh + random.Next(100_000);
                    break;
            }
        }
    }

    private sealed class PolicyCache(int capacity)
    {
        private readonly EvictionPolicy _policy = new();
        private readonly Dictionary<int, EvictionNode> _nodes = [];
        private readonly Dictionary<EvictionNode, int> _keys = [];
        private ShadowCaches? _shadows;

        public bool Read(int key)
        {
            var hash = HashMixer.Mix((uint)key, 1);
            if (_nodes.TryGetValue(key, out var node))
            {
                if (node.Uses < EvictionNode.MaxUses)
                {
                    node.Uses++;
                    _shadows?.Touch(hash);
                }

                return true;
            }

            if (_nodes.Count == capacity / 2 && _shadows is null)
            {
                _policy.Remember(capacity);
                _shadows = new ShadowCaches(capacity);
            }

            if (_shadows?.Miss(hash) == true)
            {
                _policy.Mode = EvictionMode.All[_shadows.Best];
            }

            for (var passes = 256; _nodes.Count >= capacity;)
            {
                _keys.Remove(_policy.Evict(byBytes: false, ref passes, now: 0)!, out var victim);
                _nodes.Remove(victim);
            }

            _policy.Add(_nodes[key] = node = new EvictionNode(hash, 1));
            _keys[node] = key;
            return false;
        }
    }

    private sealed class ExactLru(int capacity)
    {
        private readonly Dictionary<int, LinkedListNode<int>> _places = [];
        private readonly LinkedList<int> _recent = [];

        public bool Read(int key)
        {
            if (_places.TryGetValue(key, out var place))
            {
                _recent.Remove(place);
                _recent.AddFirst(place);
                return true;
            }

            if (_places.Count == capacity)
            {
                _places.Remove(_recent.Last!.Value);
                _recent.RemoveLast();
            }

            _places[key] = _recent.AddFirst(key);
            return false;
        }
    }
}
