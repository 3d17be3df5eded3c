namespace NearCache.Transport.Scheduling;

/// <summary>The action that follows from one observation of the queue of the <see cref="WorkScheduler"/>.</summary>
internal enum StarvationVerdict
{
    /// <summary>No action.</summary>
    None,

    /// <summary>
    /// The pool executes nothing: start a dedicated thread, and send a probe that shows when the pool executes work again.
    /// </summary>
    Begins,

    /// <summary>The dedicated threads are blocked as well: start one more.</summary>
    Stuck,

    /// <summary>The probe executed, but late: send another one.</summary>
    ProbeAgain,

    /// <summary>The pool executes work again.</summary>
    Ends,
}

/// <summary>Detects starvation of the thread pool from periodic observations: items are queued, and none is taken.</summary>
internal sealed class StarvationDetector(long ticksPerSecond)
{
    /// <summary>The duration from which a starvation counts as long, in milliseconds.</summary>
    public const int LongMilliseconds = 500;

    private const int ChecksUntilStuck = 3;
    private readonly long _promptly = ticksPerSecond / 100;
    private readonly long _long = ticksPerSecond * LongMilliseconds / 1000;
    private long _lastTaken = -1;
    private int _same;
    private bool _isStarved;
    private bool _isLong;
    private long _probed;

    /// <summary>The number of probes that waited for <see cref="LongMilliseconds"/> or longer.</summary>
    public int LongStarvations;

    /// <summary>Records one observation and returns the action.</summary>
    /// <param name="now">The current timestamp.</param>
    /// <param name="taken">The total number of items taken from the queue.</param>
    /// <param name="hasItems">Whether the queue has items.</param>
    /// <param name="hasProbeRun">Whether the pool has executed the last probe.</param>
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
