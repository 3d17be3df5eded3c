using Microsoft.Extensions.Logging;

namespace NearCache.ZooKeeper.Diagnostics;

/// <summary>
/// Rate limit for log messages that repeat while a failure lasts: one warning per 15 seconds; the others have the level Debug.
/// </summary>
internal sealed class LogThrottle
{
    private static readonly TimeSpan Interval = TimeSpan.FromSeconds(15);
    private TimeSpan? _last;

    /// <summary>Returns the level of a message that is logged now.</summary>
    public LogLevel LevelAt(TimeSpan now)
    {
        if (now - _last < Interval)
        {
            return LogLevel.Debug;
        }

        _last = now;
        return LogLevel.Warning;
    }
}
