namespace NearCache.Near.Eviction;

/// <summary>The queue of an <see cref="EvictionPolicy"/> that holds a node.</summary>
internal enum EvictionQueue : byte
{
    /// <summary>No queue holds the node.</summary>
    None,

    /// <summary>The window of recent insertions.</summary>
    Window,

    /// <summary>The main queue of entries that proved useful.</summary>
    Main,
}

/// <summary>What an <see cref="EvictionPolicy"/> knows of a cached item: its place in a queue, its size and its recent uses.</summary>
/// <param name="hash">The hash of the key; the policy identifies keys by it.</param>
/// <param name="bytes">The estimated size in bytes.</param>
internal class EvictionNode(uint hash, int bytes)
{
    /// <summary>The largest value of <see cref="Uses"/>. A hit of an entry with as many writes nothing.</summary>
    public const byte MaxUses = 3;

    /// <summary>Gets the hash of the key.</summary>
    public uint Hash { get; } = hash;

    /// <summary>Gets or sets the estimated size in bytes. Changed only by the <see cref="EvictionList"/> that holds the node.</summary>
    public int Bytes { get; set; } = bytes;

    /// <summary>
    /// Gets or sets the hits since the policy last looked at the node, up to <see cref="MaxUses"/>. Written without a lock; a lost update
    /// is harmless.
    /// </summary>
    public byte Uses { get; set; }

    /// <summary>Gets or sets the queue that holds the node. Owned by the policy.</summary>
    public EvictionQueue Queue { get; set; }

    /// <summary>Gets or sets the next newer node of the queue. Owned by <see cref="EvictionList"/>.</summary>
    public EvictionNode? Newer { get; set; }

    /// <summary>Gets or sets the next older node of the queue. Owned by <see cref="EvictionList"/>.</summary>
    public EvictionNode? Older { get; set; }

    /// <summary>Returns whether the node can never be served again, so that its eviction costs nothing.</summary>
    /// <param name="now">The monotonic clock, in milliseconds.</param>
    public virtual bool IsExpiredOrVoid(long now) => false;
}
