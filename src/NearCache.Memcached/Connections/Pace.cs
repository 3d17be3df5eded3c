namespace NearCache.Memcached.Connections;

/// <summary>Decides whether callers go on on the thread that read their replies: while they take microseconds; else each goes on on the thread pool.</summary>
internal sealed class Pace(long ticksPerSecond)
{
    private const double SlowMicroseconds = 10;
    private const double Weight = 1.0 / 16;
    private readonly double _microsecondsPerTick = 1e6 / ticksPerSecond;
    private readonly long _pause = ticksPerSecond / 4;
    private double _mean;
    private long _until;
    private int _blocked = 1;

    /// <summary>Whether the callers of a batch that begins now go on here.</summary>
    public bool IsQuick(long now) => now >= _until;

    /// <summary>A batch took so long.</summary>
    public void Add(int operations, long ticks, long now)
    {
        // Far outliers are a thread that was not scheduled, not the callers.
        var each = Math.Min(ticks * _microsecondsPerTick / operations, 40 * SlowMicroseconds);
        _mean += (each - _mean) * Weight;
        if (_mean > SlowMicroseconds)
        {
            // Tried again after a while, and with little patience.
            _until = now + _pause;
            _mean = SlowMicroseconds * 0.9;
        }
    }

    /// <summary>A caller blocked the thread, or the thread was not scheduled: tried again later, and each time later if it goes on.</summary>
    public void Blocked(long now)
    {
        _blocked = now - _until < 4 * _pause ? Math.Min(_blocked * 2, 32) : 1;
        _until = now + (_pause * _blocked);
    }
}
