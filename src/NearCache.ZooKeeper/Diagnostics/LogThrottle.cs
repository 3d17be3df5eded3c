using Microsoft.Extensions.Logging;

namespace NearCache.ZooKeeper.Diagnostics;

/// <summary>
/// Rate limit for log messages that repeat while something fails: a warning every 15 seconds; the others are for debugging.
/// </summary>
internal sealed class LogThrottle
{
    private static readonly TimeSpan Interval = TimeSpan.FromSeconds(15);
    private TimeSpan? _last;

    /// <summary>The level of a message that is logged now.</summary>
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
