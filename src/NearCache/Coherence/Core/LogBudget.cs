namespace NearCache.Coherence.Core;

/// <summary>Limits log lines that others can cause at any rate to <see cref="LinesPerMinute"/> in any minute. Thread-safe.</summary>
/// <remarks>One budget serves a cache: failures of ZooKeeper, changes of rules, and churn breakers of other processes share it.</remarks>
internal sealed class LogBudget
{
    /// <summary>The most lines within any 60 s.</summary>
    public const int LinesPerMinute = 6;

    private readonly Lock _lock = new();   // guards the bucket

    // Half of the lines may come at once: with those that are refilled in a minute they are all.
    private readonly TokenBucket _lines = new(LinesPerMinute / 2.0) { Rate = LinesPerMinute / 2.0 / 60 };

    private int _leftOut;

    /// <summary>Gets how many lines <see cref="TryLog"/> has refused since <see cref="TakeLeftOut"/>.</summary>
    public int LeftOut => Volatile.Read(ref _leftOut);

    /// <summary>Takes one line from the budget, or counts it as left out.</summary>
    /// <param name="now">The monotonic millisecond.</param>
    /// <returns>False if the line must not be logged.</returns>
    public bool TryLog(long now)
    {
        var isThere = TryTake(now);
        if (!isThere)
        {
            Interlocked.Increment(ref _leftOut);
        }

        return isThere;
    }

    /// <summary>Returns <see cref="LeftOut"/>, and counts from zero again.</summary>
    public int TakeLeftOut() => Interlocked.Exchange(ref _leftOut, 0);

    /// <summary>Takes one line from the budget.</summary>
    /// <param name="now">The monotonic millisecond.</param>
    /// <returns>False if the budget is used up, so that the line must not be logged.</returns>
    public bool TryTake(long now)
    {
        lock (_lock)
        {
            var isThere = _lines.Wait(now) == 0;
            if (isThere)
            {
                _lines.Take();
            }

            return isThere;
        }
    }
}
