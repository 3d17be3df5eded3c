namespace NearCache.Memcached.Protocol;

/// <summary>
/// Durations as memcached takes them: 0 for none, seconds up to 30 days, beyond that the Unix time of the end, which has 31 bits.
/// </summary>
internal static class Expirations
{
    private const long LongestRelative = 60 * 60 * 24 * 30;

    /// <summary>A time to live. One that ends after the last second that a server can be told (19 January 2038) is for ever.</summary>
    public static int FromTimeToLive(TimeSpan timeToLive, TimeProvider time) =>
        Of(timeToLive, time) is var seconds and <= int.MaxValue ? (int)seconds : 0;

    /// <summary>A delay, or the time before an end. One that ends after the last second that a server can be told ends then.</summary>
    public static int FromDelay(TimeSpan delay, TimeProvider time) => (int)Math.Min(Of(delay, time), int.MaxValue);

    // A part of a second counts as a whole one: 0 is something else.
    private static long Of(TimeSpan duration, TimeProvider time)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(duration, TimeSpan.Zero);
        var seconds = (long)Math.Ceiling(duration.TotalSeconds);
        return seconds <= LongestRelative ? seconds : time.GetUtcNow().ToUnixTimeSeconds() + seconds;
    }
}
