namespace NearCache.Near.Eviction;

/// <summary>
/// Small caches of sampled keys without values, one for each <see cref="EvictionMode"/>: the mode with most hits serves the cache.
/// </summary>
/// <remarks>
/// <para>
/// A key is sampled by its hash, so that the same keys are seen each time (Waldspurger et al., USENIX ATC 2017,
/// https://www.usenix.org/conference/atc17/technical-sessions/presentation/waldspurger). The shadows see every insertion of a sampled key
/// and its first hits after the policy resets its uses; further hits would change nothing in them.
/// </para>
/// <para><see cref="Touch"/> is called without a lock and may lose a hit. All other members require the owner's lock.</para>
/// </remarks>
internal sealed class ShadowCaches
{
    // The shadows hold between so many keys and twice as many: enough to distinguish the modes, at little cost.
    private const int MinEntries = 256;

    // After so many samples per shadow entry, the modes are compared.
    private const int SamplesPerEntry = 1;

    // What remains of earlier samples at each comparison.
    private const double Memory = 0.9;

    // Another mode must have so many more hits per sample.
    private const double Margin = 0.003;

    private const int RingSize = 1024;   // a power of two

    private readonly Shadow[] _shadows;
    private readonly uint _mask;
    private readonly int _period;
    private readonly uint[] _ring = new uint[RingSize];
    private double _samples;
    private int _left;
    private uint _touched;
    private uint _drained;

    /// <summary>Creates empty shadows.</summary>
    /// <param name="entries">The number of entries that the cache holds.</param>
    public ShadowCaches(int entries)
    {
        var shift = 0;
        while (entries >> (shift + 1) >= MinEntries)
        {
            shift++;
        }

        var capacity = Math.Max(1, entries >> shift);
        _mask = (1u << shift) - 1;
        _left = _period = SamplesPerEntry * capacity;
        _shadows = Array.ConvertAll(EvictionMode.All, mode => new Shadow(mode, capacity));
    }

    /// <summary>Gets the index in <see cref="EvictionMode.All"/> of the best mode so far.</summary>
    public int Best { get; private set; }

    /// <summary>Notes a hit. Called without a lock.</summary>
    public void Touch(uint hash)
    {
        if (IsSampled(hash))
        {
            _ring[_touched++ & (RingSize - 1)] = hash;
        }
    }

    /// <summary>Notes a key that the cache did not hold.</summary>
    /// <returns>Whether <see cref="Best"/> changed.</returns>
    public bool Miss(uint hash)
    {
        var best = Best;
        var touched = _touched;
        _drained = touched - _drained > RingSize ? touched - RingSize : _drained;
        while (_drained != touched)
        {
            Use(_ring[_drained++ & (RingSize - 1)]);
        }

        if (IsSampled(hash))
        {
            Use(hash);
        }

        return best != Best;
    }

    private bool IsSampled(uint hash) => (HashMixer.Mix(hash, 31) & _mask) == 0;

    private void Use(uint hash)
    {
        foreach (var shadow in _shadows)
        {
            shadow.Use(hash);
        }

        if (--_left == 0)
        {
            Compare();
        }
    }

    private void Compare()
    {
        _left = _period;
        _samples = (_samples * Memory) + _period;
        var best = Best;
        for (var mode = 0; mode < _shadows.Length; mode++)
        {
            var shadow = _shadows[mode];
            shadow.Total = (shadow.Total * Memory) + shadow.Hits;
            shadow.Hits = 0;
            best = shadow.Total > _shadows[best].Total ? mode : best;
        }

        if (_shadows[best].Total > _shadows[Best].Total + (Margin * _samples))
        {
            Best = best;
        }
    }

    private sealed class Shadow
    {
        private readonly EvictionPolicy _policy;
        private readonly Dictionary<uint, EvictionNode> _nodes;
        private readonly int _capacity;

        public Shadow(EvictionMode mode, int capacity)
        {
            _capacity = capacity;
            _nodes = new Dictionary<uint, EvictionNode>(capacity);
            _policy = new EvictionPolicy { Mode = mode };
            _policy.Remember(capacity);
        }

        public int Hits { get; set; }

        public double Total { get; set; }

        public void Use(uint hash)
        {
            if (_nodes.TryGetValue(hash, out var node))
            {
                Hits++;
                node.Uses = (byte)Math.Min(node.Uses + 1, EvictionNode.MaxUses);
                return;
            }

            if (_nodes.Count >= _capacity)
            {
                var passes = _capacity;
                node = _policy.Evict(byBytes: false, ref passes, now: 0)!;
                _nodes.Remove(node.Hash);
            }

            _nodes.Add(hash, node = new EvictionNode(hash, 1));
            _policy.Add(node);
        }
    }
}
