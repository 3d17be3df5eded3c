namespace NearCache.Memcached.Connections;

/// <summary>
/// Decides whether callers go on on the thread that read their replies: while they take microseconds; else each goes on on the thread pool.
/// </summary>
internal sealed class InlineCompletionPolicy(long ticksPerSecond)
{
    // Nobody waits behind a lone caller, and waking another thread for him would take as long.
    private const double SlowMicroseconds = 10;
    private const double SlowMicrosecondsAlone = 50;
    private const double Weight = 1.0 / 16;
    private readonly double _microsecondsPerTick = 1e6 / ticksPerSecond;
    private readonly long _pause = ticksPerSecond / 4;
    private double _mean;   // 1 is slow
    private long _until;
    private int _blocked = 1;

    /// <summary>Whether the callers of a batch that begins now go on here.</summary>
    public bool AllowsInline(long now) => now >= _until;

    /// <summary>A batch took so long.</summary>
    public void Record(int operations, long ticks, long now)
    {
        // A far outlier is a thread that was not scheduled, not the callers.
        var each = ticks * _microsecondsPerTick / operations;
        _mean += (Math.Min(each / (operations == 1 ? SlowMicrosecondsAlone : SlowMicroseconds), 8) - _mean) * Weight;
        if (_mean > 1)
        {
            // Tried again after a while, and with little patience.
            _until = now + _pause;
            _mean = 0.9;
        }
    }

    /// <summary>
    /// A caller blocked the thread, or the thread was not scheduled: tried again later, and each time later if it goes on.
    /// </summary>
    public void OnBlocked(long now)
    {
        _blocked = now - _until < 4 * _pause ? Math.Min(_blocked * 2, 32) : 1;
        _until = now + (_pause * _blocked);
    }
}
