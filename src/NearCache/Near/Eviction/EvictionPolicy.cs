namespace NearCache.Near.Eviction;

/// <summary>
/// Chooses which entries leave when there is no room: a window of recent insertions and a main queue, run in one of several modes.
/// </summary>
/// <remarks>
/// <para>
/// A hit raises <see cref="EvictionNode.Uses"/> and moves nothing. The queues are first-in-first-out; a used node of the main queue is
/// reinserted. Not thread-safe: the owner holds a lock, except for <see cref="EvictionNode.Uses"/>.
/// </para>
/// <para>
/// The mode decides how large the window is and which of its nodes reach the main queue. <see cref="ShadowCaches"/> selects it.
/// </para>
/// </remarks>
internal sealed class EvictionPolicy
{
    private readonly EvictionList _window = new();
    private readonly EvictionList _main = new();
    private FrequencySketch? _sketch;
    private GhostTable? _ghosts;

    /// <summary>Gets or sets the mode.</summary>
    public EvictionMode Mode { get; set; } = EvictionMode.All[0];

    /// <summary>Gets the number of nodes.</summary>
    public int Count => _window.Count + _main.Count;

    /// <summary>Gets the sum of the nodes' sizes.</summary>
    public long Bytes => _window.Bytes + _main.Bytes;

    /// <summary>Begins to remember keys, or starts over with another size. Until then the policy knows only what it holds.</summary>
    /// <param name="entries">The number of entries that the cache is expected to hold when it is full.</param>
    public void Remember(int entries) => Remember(new FrequencySketch(entries), new GhostTable(entries));

    /// <summary>Begins to remember keys, or starts over.</summary>
    public void Remember(FrequencySketch sketch, GhostTable ghosts) => (_sketch, _ghosts) = (sketch, ghosts);

    /// <summary>Adds a node. The owner has made room for it.</summary>
    public void Add(EvictionNode node)
    {
        _sketch?.Add(node.Hash);
        Put(node, _ghosts?.Remove(node.Hash) == true && Mode.UsesGhosts ? EvictionQueue.Main : EvictionQueue.Window);
    }

    /// <summary>Adds a node in the place of another one of the same key.</summary>
    public void Replace(EvictionNode old, EvictionNode node)
    {
        var queue = old.Queue;
        Remove(old);
        node.Uses = Math.Max(old.Uses, (byte)1);
        Put(node, queue);
    }

    /// <summary>Removes a node. Its key, if it proved useful, is remembered: it may come back.</summary>
    public void Remove(EvictionNode node)
    {
        if (node.Queue == EvictionQueue.Main || node.Uses >= Mode.PromotionUses)
        {
            _ghosts?.Add(node.Hash);
        }

        Take(node);
    }

    /// <summary>Changes the size of a node.</summary>
    public void Resize(EvictionNode node, int bytes) => ListOf(node.Queue).Resize(node, bytes);

    /// <summary>Removes the node that should leave first.</summary>
    /// <param name="byBytes">Whether bytes are short, and not entries.</param>
    /// <param name="passes">How many used nodes may be passed over; lowered by those that were.</param>
    /// <param name="now">The monotonic clock, in milliseconds.</param>
    /// <returns>The node, or null if there is none.</returns>
    public EvictionNode? Evict(bool byBytes, ref int passes, long now)
    {
        while (_window.Oldest is { } candidate && (_main.Count == 0 || WindowExcess(byBytes) >= 0))
        {
            if (candidate.IsExpiredOrVoid(now))
            {
                return Take(candidate);
            }

            var uses = candidate.Uses;
            if (uses > 0 && passes > 0)
            {
                _sketch?.Add(candidate.Hash, uses);
                candidate.Uses = 0;
                if (uses >= Mode.PromotionUses || Mode.IsClock)
                {
                    passes--;
                    Move(candidate, uses >= Mode.PromotionUses ? EvictionQueue.Main : EvictionQueue.Window);
                    continue;
                }
            }

            if (Mode.ComparesFrequency)
            {
                if (WindowExcess(byBytes) >= (byBytes ? candidate.Bytes : 1) && passes-- > 0)
                {
                    // The window was larger so far: before the first eviction, or in another mode.
                    Move(candidate, EvictionQueue.Main);
                    continue;
                }

                if (MainVictim(ref passes, now) is { } victim
                    && (victim.IsExpiredOrVoid(now) || _sketch?.Estimate(candidate.Hash) > _sketch?.Estimate(victim.Hash)))
                {
                    Move(candidate, EvictionQueue.Main);
                    return Take(victim);
                }
            }

            _ghosts?.Add(candidate.Hash);
            return Take(candidate);
        }

        return (MainVictim(ref passes, now) ?? _window.Oldest) is { } node ? Take(node) : null;
    }

    // How far the window is above its share, in entries or bytes.
    private double WindowExcess(bool byBytes) =>
        byBytes ? _window.Bytes - (Mode.Window * Bytes) : _window.Count - Math.Max(1, Mode.Window * Count);

    private EvictionNode? MainVictim(ref int passes, long now)
    {
        while (_main.Oldest is { } node)
        {
            if (node.Uses == 0 || passes <= 0 || node.IsExpiredOrVoid(now))
            {
                return node;
            }

            passes--;
            _sketch?.Add(node.Hash);
            node.Uses--;
            Move(node, EvictionQueue.Main);
        }

        return null;
    }

    private void Put(EvictionNode node, EvictionQueue queue)
    {
        node.Queue = queue;
        ListOf(queue).Add(node);
    }

    private EvictionNode Take(EvictionNode node)
    {
        ListOf(node.Queue).Remove(node);
        node.Queue = EvictionQueue.None;
        return node;
    }

    private void Move(EvictionNode node, EvictionQueue queue)
    {
        Take(node);
        Put(node, queue);
    }

    private EvictionList ListOf(EvictionQueue queue) => queue == EvictionQueue.Main ? _main : _window;
}
