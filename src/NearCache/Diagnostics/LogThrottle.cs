namespace NearCache.Diagnostics;

/// <summary>Rate limit for log messages: lets one through per interval; the rest are only counted.</summary>
internal sealed class LogThrottle(long every)
{
    private long _notBefore = long.MinValue;

    /// <summary>Returns whether a message may be logged now, and starts the next interval if so.</summary>
    /// <param name="now">The monotonic time in milliseconds.</param>
    public bool ShouldLog(long now)
    {
        var notBefore = Interlocked.Read(ref _notBefore);
        return now >= notBefore && Interlocked.CompareExchange(ref _notBefore, now + every, notBefore) == notBefore;
    }
}
