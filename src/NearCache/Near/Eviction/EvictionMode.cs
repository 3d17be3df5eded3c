namespace NearCache.Near.Eviction;

/// <summary>One way of choosing victims. <see cref="ShadowCaches"/> measures all of them and selects the best.</summary>
/// <param name="Name">The name, for diagnostics.</param>
/// <param name="Window">The share of the capacity that the window takes.</param>
/// <param name="PromotionUses">The uses in the window after which a node moves to the main queue without a comparison.</param>
/// <param name="UsesGhosts">Whether a key that left the window recently and returns goes to the main queue.</param>
/// <param name="ComparesFrequency">
/// Whether the oldest node of the window replaces the victim of the main queue if its key is more frequent.
/// </param>
/// <param name="IsClock">Whether the window gives a used node a second chance.</param>
internal sealed record EvictionMode(
    string Name, double Window, int PromotionUses, bool UsesGhosts, bool ComparesFrequency, bool IsClock)
{
    private const int Never = EvictionNode.MaxUses + 1;

    /// <summary>Gets the modes. The first is the one that a policy begins with.</summary>
    public static EvictionMode[] All { get; } =
    [
        // S3-FIFO (Yang et al., SOSP 2023, https://dl.acm.org/doi/10.1145/3600006.3613147): best in most traces.
        new("s3-fifo", 0.1, PromotionUses: 2, UsesGhosts: true, ComparesFrequency: false, IsClock: false),

        // TinyLFU (Einziger et al., ACM TOS 2017, https://dl.acm.org/doi/10.1145/3149371): best in loops and steady popularity.
        new("tiny-lfu", 0.01, Never, UsesGhosts: false, ComparesFrequency: true, IsClock: false),

        // CLOCK, an approximation of LRU: best where the latest keys return.
        new("clock", 1, Never, UsesGhosts: false, ComparesFrequency: false, IsClock: true),

        // S3-FIFO with a longer window: best where keys return once, after some time.
        new("s3-fifo-wide", 0.3, PromotionUses: 2, UsesGhosts: true, ComparesFrequency: false, IsClock: false),
    ];
}
