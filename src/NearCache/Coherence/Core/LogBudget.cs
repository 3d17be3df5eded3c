namespace NearCache.Coherence.Core;

/// <summary>
/// Limits the log lines that other processes or servers can cause to <see cref="LinesPerMinute"/> in any minute. Thread-safe.
/// </summary>
/// <remarks>A cache has one budget. Failures of ZooKeeper, changes of rules and churn breakers of other processes share it.</remarks>
internal sealed class LogBudget
{
    /// <summary>The most lines within any 60 s.</summary>
    public const int LinesPerMinute = 6;

    private readonly Lock _lock = new();   // guards the bucket

    // Half of the lines may be logged at once; the other half is refilled within a minute.
    private readonly TokenBucket _lines = new(LinesPerMinute / 2.0) { Rate = LinesPerMinute / 2.0 / 60 };

    private int _leftOut;

    /// <summary>Gets how many lines <see cref="TryLog"/> has refused since <see cref="TakeLeftOut"/>.</summary>
    public int LeftOut => Volatile.Read(ref _leftOut);

    /// <summary>Takes one line from the budget, or counts it as left out.</summary>
    /// <param name="now">The monotonic millisecond.</param>
    /// <returns>False if the caller must not log the line.</returns>
    public bool TryLog(long now)
    {
        var isThere = TryTake(now);
        if (!isThere)
        {
            Interlocked.Increment(ref _leftOut);
        }

        return isThere;
    }

    /// <summary>Returns <see cref="LeftOut"/> and resets it to zero.</summary>
    public int TakeLeftOut() => Interlocked.Exchange(ref _leftOut, 0);

    /// <summary>Takes one line from the budget.</summary>
    /// <param name="now">The monotonic millisecond.</param>
    /// <returns>False if the budget is used up, so that the caller must not log the line.</returns>
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
