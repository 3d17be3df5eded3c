namespace NearCache.Transport.Scheduling;

/// <summary>Cancels a token after a time limit, also while the thread pool is starved.</summary>
/// <remarks>
/// Timers run on the thread pool, which may execute nothing. On the system clock <see cref="ThreadWatchdog"/> measures the limit as well,
/// and the <see cref="WorkScheduler"/> cancels the token. On another clock the timer alone cancels it.
/// </remarks>
internal sealed class WatchedTimeout : IWatchdogTarget, IThreadPoolWorkItem, IDisposable
{
    private readonly CancellationTokenSource _source;
    private readonly TimeSpan _limit;
    private readonly TimeProvider _time;
    private readonly long _started;
    private readonly bool _isWatched;
    private bool _isQueued;

    /// <summary>Starts the limit.</summary>
    /// <param name="limit">The time limit; positive.</param>
    /// <param name="time">The clock of the limit.</param>
    public WatchedTimeout(TimeSpan limit, TimeProvider time)
    {
        (_limit, _time, _started) = (limit, time, time.GetTimestamp());
        _source = new CancellationTokenSource(limit, time);
        _isWatched = ReferenceEquals(time, TimeProvider.System);
        if (_isWatched)
        {
            ThreadWatchdog.Add(this);
            ThreadWatchdog.Wake();
        }
    }

    /// <summary>Gets the token.</summary>
    public CancellationToken Token => _source.Token;

    bool IWatchdogTarget.HasWork => !_isQueued;

    bool IWatchdogTarget.Check()
    {
        if (_isQueued)
        {
            return false;
        }

        if (_time.GetElapsedTime(_started) > _limit)
        {
            _isQueued = true;
            WorkScheduler.Queue(this);
        }

        return true;
    }

    void IThreadPoolWorkItem.Execute()
    {
        try
        {
            _source.Cancel();
        }
        catch (ObjectDisposedException)
        {
            // Disposed concurrently.
        }
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        if (_isWatched)
        {
            ThreadWatchdog.Remove(this);
        }

        _source.Dispose();
    }
}
