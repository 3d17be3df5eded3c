namespace NearCache.Remote;

/// <summary>Lifetimes as memcached takes them: seconds up to 30 days, a date beyond.</summary>
/// <remarks>memcached, doc/protocol.txt, "Expiration times".</remarks>
internal static class Expiry
{
    /// <summary>More seconds than this are a Unix time.</summary>
    public const int LongestRelative = 30 * 24 * 60 * 60;

    /// <summary>
    /// The number to send: seconds, rounded up; the date for more than 30 days; 0, for ever, for a date that 32 bits cannot hold.
    /// </summary>
    public static int Of(TimeSpan lifetime, TimeProvider time)
    {
        var seconds = Math.Ceiling(lifetime.TotalSeconds);
        if (seconds <= LongestRelative)
        {
            return (int)seconds;
        }

        var date = time.GetUtcNow().ToUnixTimeSeconds() + seconds;
        return date < int.MaxValue ? (int)date : 0;
    }

    /// <summary>The lifetime that a number stands for; null: for ever.</summary>
    public static TimeSpan? Lifetime(int expiry, DateTimeOffset now) => expiry switch
    {
        0 => null,
        <= LongestRelative => TimeSpan.FromSeconds(expiry),
        _ => TimeSpan.FromSeconds(Math.Max(expiry - now.ToUnixTimeSeconds(), 1)),
    };
}
