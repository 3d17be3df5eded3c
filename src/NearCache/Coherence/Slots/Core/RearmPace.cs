namespace NearCache.Coherence.Slots.Core;

/// <summary>
/// How fast slots are read again after they changed. The whole fleet's reads are the load, so the pace follows from its size.
/// </summary>
internal static class RearmPace
{
    private const long Least = 20;

    /// <summary>D = max(20 ms, members × active slots ÷ deliveries per second), at most MaxStaleness ÷ 4. Milliseconds.</summary>
    public static long Of(int members, int activeSlots, int deliveriesPerSecond, long maxStaleness) =>
        Math.Min(Math.Max(Least, (long)Math.Ceiling(1000.0 * members * activeSlots / deliveriesPerSecond)), maxStaleness / 4);

    /// <summary>
    /// How many slots a fleet of this size can read at the slowest pace. Fewer than there are: the audits carry the rest.
    /// </summary>
    public static int ReadableSlots(int members, int slots, int deliveriesPerSecond, long maxStaleness) =>
        (int)Math.Min(slots, maxStaleness / 4 * deliveriesPerSecond / 1000 / Math.Max(members, 1));
}
