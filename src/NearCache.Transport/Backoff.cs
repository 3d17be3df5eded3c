namespace NearCache.Transport;

/// <summary>
/// Computes exponential delays between connection attempts: from <paramref name="first"/> to <paramref name="most"/>, each varied by ±
/// <paramref name="jitter"/>, so that clients that lost the same server do not reconnect at the same instant.
/// </summary>
internal sealed class Backoff(TimeSpan first, TimeSpan most, double jitter, Random random)
{
    private int _failures;

    /// <summary>Returns the delay before the next attempt, and doubles the one after it.</summary>
    public TimeSpan Next()
    {
        var doubled = first * Math.Pow(2, Math.Min(_failures++, 30));
        var wait = doubled < most ? doubled : most;
        return wait * (1 + (jitter * ((2 * random.NextDouble()) - 1)));
    }

    /// <summary>Resets the delay to the first value after a successful attempt.</summary>
    public void Reset() => _failures = 0;
}
