namespace NearCache.Memcached.Connections;

/// <summary>
/// Decides whether to look for the reply of a lone caller before the thread sleeps: on the same machine it comes sooner than a thread wakes
/// up.
/// </summary>
/// <remarks>
/// A look that saw nothing is not repeated for twice as many replies as the one before it, so that a server that is farther away costs next
/// to nothing.
/// </remarks>
internal sealed class SpinBeforeWait(long ticksPerSecond)
{
    private const int MaxSkipped = 1024;
    private int _skipped;
    private int _toSkip;

    /// <summary>How long to look: 40 µs, in ticks.</summary>
    public long SpinTicks { get; } = ticksPerSecond / 25_000;

    /// <summary>Whether to look this time.</summary>
    public bool ShouldSpin()
    {
        if (_skipped < _toSkip)
        {
            _skipped++;
            return false;
        }

        return true;
    }

    /// <summary>The reply came while one looked, or not.</summary>
    public void Record(bool hasArrived)
    {
        _toSkip = hasArrived ? 0 : Math.Clamp(_toSkip * 2, 1, MaxSkipped);
        _skipped = 0;
    }
}
