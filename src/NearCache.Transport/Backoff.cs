namespace NearCache.Transport;

/// <summary>
/// How long to wait before the next attempt to connect: doubles from <paramref name="first"/> to <paramref name="most"/>, each time spread
/// by ± <paramref name="jitter"/>, so that many clients that lost one server do not return at one instant.
/// </summary>
internal sealed class Backoff(TimeSpan first, TimeSpan most, double jitter, Random random)
{
    private int _failures;

    /// <summary>The wait before the attempt that comes now.</summary>
    public TimeSpan Next()
    {
        var doubled = first * Math.Pow(2, Math.Min(_failures++, 30));
        var wait = doubled < most ? doubled : most;
        return wait * (1 + (jitter * ((2 * random.NextDouble()) - 1)));
    }

    /// <summary>An attempt succeeded: the next failure starts from the first wait again.</summary>
    public void Reset() => _failures = 0;
}
