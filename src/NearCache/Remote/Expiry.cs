namespace NearCache.Remote;

/// <summary>Converts lifetimes to memcached's format: seconds up to 30 days, a Unix time above.</summary>
/// <remarks>memcached, doc/protocol.txt, "Expiration times".</remarks>
internal static class Expiry
{
    /// <summary>The greatest number of relative seconds; greater numbers are Unix times.</summary>
    public const int LongestRelative = 30 * 24 * 60 * 60;

    /// <summary>
    /// Returns the number to send: seconds, rounded up, at least 1; a Unix time above 30 days; 0 (no expiration) for a time that 32 bits
    /// cannot hold.
    /// </summary>
    public static int Of(TimeSpan lifetime, TimeProvider time)
    {
        var seconds = Math.Ceiling(lifetime.TotalSeconds);
        if (seconds <= LongestRelative)
        {
            return (int)Math.Max(seconds, 1);   // what has ended meanwhile must not live without end
        }

        var date = time.GetUtcNow().ToUnixTimeSeconds() + seconds;
        return date < int.MaxValue ? (int)date : 0;
    }

    /// <summary>Returns the lifetime of a number, or null for no expiration.</summary>
    public static TimeSpan? Lifetime(int expiry, DateTimeOffset now) => expiry switch
    {
        0 => null,
        <= LongestRelative => TimeSpan.FromSeconds(expiry),
        _ => TimeSpan.FromSeconds(Math.Max(expiry - now.ToUnixTimeSeconds(), 1)),
    };
}
