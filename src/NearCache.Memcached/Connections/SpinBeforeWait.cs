namespace NearCache.Memcached.Connections;

/// <summary>
/// Decides whether to spin for the reply of a single caller before the thread waits: on the same machine, the reply arrives sooner than a
/// thread wakes.
/// </summary>
/// <remarks>
/// After a spin without a reply, twice as many replies are skipped as after the one before, so that a distant server costs almost nothing.
/// </remarks>
internal sealed class SpinBeforeWait(long ticksPerSecond)
{
    private const int MaxSkipped = 1024;
    private int _skipped;
    private int _toSkip;

    /// <summary>Gets the duration of a spin: 40 µs, in ticks.</summary>
    public long SpinTicks { get; } = ticksPerSecond / 25_000;

    /// <summary>Returns whether to spin this time.</summary>
    public bool ShouldSpin()
    {
        if (_skipped < _toSkip)
        {
            _skipped++;
            return false;
        }

        return true;
    }

    /// <summary>Records whether the reply arrived during the spin.</summary>
    public void Record(bool hasArrived)
    {
        _toSkip = hasArrived ? 0 : Math.Clamp(_toSkip * 2, 1, MaxSkipped);
        _skipped = 0;
    }
}
