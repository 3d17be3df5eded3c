namespace NearCache.Diagnostics;

/// <summary>Lets something through once in so many milliseconds: for what is counted each time and said now and then.</summary>
internal sealed class LogThrottle(long every)
{
    private long _notBefore = long.MinValue;

    /// <summary>Is it time? Then not again for a while.</summary>
    /// <param name="now">A monotonic clock, in milliseconds.</param>
    public bool ShouldLog(long now)
    {
        var notBefore = Interlocked.Read(ref _notBefore);
        return now >= notBefore && Interlocked.CompareExchange(ref _notBefore, now + every, notBefore) == notBefore;
    }
}
