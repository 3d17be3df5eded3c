namespace NearCache.Transport.Scheduling;

/// <summary>What follows from a look at the queue of the <see cref="WorkScheduler"/>.</summary>
internal enum StarvationVerdict
{
    /// <summary>Nothing.</summary>
    None,

    /// <summary>The pool starts nothing any more: another thread is needed, and a probe that shows when it does again.</summary>
    Begins,

    /// <summary>The threads that were started are stuck as well: one more is needed.</summary>
    Stuck,

    /// <summary>The probe ran, but late: one more is needed.</summary>
    ProbeAgain,

    /// <summary>The pool starts things again.</summary>
    Ends,
}

/// <summary>Decides, look by look, whether the thread pool is starved: items wait, and none is taken.</summary>
internal sealed class StarvationDetector(long ticksPerSecond)
{
    /// <summary>From then on it is more than a disturbance.</summary>
    public const int LongMilliseconds = 500;

    private const int ChecksUntilStuck = 3;
    private readonly long _promptly = ticksPerSecond / 100;
    private readonly long _long = ticksPerSecond * LongMilliseconds / 1000;
    private long _lastTaken = -1;
    private int _same;
    private bool _isStarved;
    private bool _isLong;
    private long _probed;

    /// <summary>How often a probe has waited for <see cref="LongMilliseconds"/>.</summary>
    public int LongStarvations;

    /// <summary>Looks.</summary>
    /// <param name="now">This instant, in ticks.</param>
    /// <param name="taken">Items that were ever taken.</param>
    /// <param name="hasItems">Whether items wait.</param>
    /// <param name="hasProbeRun">Whether the pool has run the last probe.</param>
    public StarvationVerdict Observe(long now, long taken, bool hasItems, bool hasProbeRun)
    {
        _same = hasItems && taken == _lastTaken ? _same + 1 : 0;
        _lastTaken = taken;
        if (_isStarved && !hasProbeRun && !_isLong && now - _probed >= _long)
        {
            _isLong = true;
            LongStarvations++;
        }

        if (_isStarved && hasProbeRun)
        {
            _isLong = false;
            _isStarved = now - _probed > _promptly;
            _probed = now;
            return _isStarved ? StarvationVerdict.ProbeAgain : StarvationVerdict.Ends;
        }

        if (_same < ChecksUntilStuck)
        {
            return StarvationVerdict.None;
        }

        _same = 0;
        if (_isStarved)
        {
            return StarvationVerdict.Stuck;
        }

        (_isStarved, _probed) = (true, now);
        return StarvationVerdict.Begins;
    }
}
