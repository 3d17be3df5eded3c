namespace NearCache.Memcached.Protocol;

/// <summary>
/// Converts durations to memcached's format: 0 for none, seconds up to 30 days, and beyond that the Unix time of the end, in 31 bits.
/// </summary>
internal static class Expirations
{
    private const long LongestRelative = 60 * 60 * 24 * 30;

    /// <summary>
    /// Converts a time to live. One that ends after 19 January 2038, the last second that memcached can represent, is unlimited.
    /// </summary>
    public static int FromTimeToLive(TimeSpan timeToLive, TimeProvider time) =>
        Of(timeToLive, nameof(timeToLive), time) is var seconds and <= int.MaxValue ? (int)seconds : 0;

    /// <summary>Converts a delay. One that ends after the last second that memcached can represent ends at that second.</summary>
    public static int FromDelay(TimeSpan delay, TimeProvider time) => (int)Math.Min(Of(delay, nameof(delay), time), int.MaxValue);

    // Rounds up, since 0 has another meaning.
    private static long Of(TimeSpan duration, string name, TimeProvider time)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(duration, TimeSpan.Zero, name);
        var seconds = (long)Math.Ceiling(duration.TotalSeconds);
        return seconds <= LongestRelative ? seconds : time.GetUtcNow().ToUnixTimeSeconds() + seconds;
    }
}
