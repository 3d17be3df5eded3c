namespace NearCache.Memcached.Connections;

/// <summary>Runs continuations inline on the reader thread while they are short; otherwise they are queued to the thread pool.</summary>
internal sealed class InlineCompletionPolicy(long ticksPerSecond)
{
    // No caller waits behind a single one, and waking another thread for it would take as long.
    private const double SlowMicroseconds = 10;
    private const double SlowMicrosecondsAlone = 50;
    private const double Weight = 1.0 / 16;
    private readonly double _microsecondsPerTick = 1e6 / ticksPerSecond;
    private readonly long _pause = ticksPerSecond / 4;
    private double _mean;   // 1 means slow
    private long _until;
    private int _blocked = 1;

    /// <summary>Returns whether the continuations of a batch that begins now run inline.</summary>
    public bool AllowsInline(long now) => now >= _until;

    /// <summary>Records the duration of a batch.</summary>
    public void Record(int operations, long ticks, long now)
    {
        // Limits outliers, which are caused by a thread that was not scheduled rather than by continuations.
        var each = ticks * _microsecondsPerTick / operations;
        _mean += (Math.Min(each / (operations == 1 ? SlowMicrosecondsAlone : SlowMicroseconds), 8) - _mean) * Weight;
        if (_mean > 1)
        {
            // Retry after a pause, with a lower threshold.
            _until = now + _pause;
            _mean = 0.9;
        }
    }

    /// <summary>
    /// Records that a continuation blocked the thread, or that the thread was not scheduled. Doubles the pause if this continues.
    /// </summary>
    public void OnBlocked(long now)
    {
        _blocked = now - _until < 4 * _pause ? Math.Min(_blocked * 2, 32) : 1;
        _until = now + (_pause * _blocked);
    }
}
