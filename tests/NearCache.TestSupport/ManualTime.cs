namespace NearCache.TestSupport;

/// <summary>
/// A clock that stands still until a test turns it. Timers fire inside <see cref="Advance"/>, in the order in which they are due.
/// </summary>
/// <remarks>The wall clock can be moved alone (<see cref="JumpWallClock"/>), as NTP or an operator would.</remarks>
public sealed class ManualTime : TimeProvider
{
    private readonly Lock _lock = new();   // guards everything below
    private readonly List<ManualTimer> _timers = [];
    private DateTimeOffset _wallClock;
    private long _timestamp;
    private long _order;

    /// <summary>Starts at noon of 1 January 2030 (UTC), monotonic time zero.</summary>
    public ManualTime() => _wallClock = new DateTimeOffset(2030, 1, 1, 12, 0, 0, TimeSpan.Zero);

    /// <inheritdoc/>
    public override long TimestampFrequency => TimeSpan.TicksPerSecond;

    /// <inheritdoc/>
    public override TimeZoneInfo LocalTimeZone => TimeZoneInfo.Utc;

    /// <summary>How many timers wait to fire.</summary>
    public int ActiveTimers
    {
        get
        {
            lock (_lock)
            {
                return _timers.Count;
            }
        }
    }

    /// <inheritdoc/>
    public override long GetTimestamp() => Interlocked.Read(ref _timestamp);

    /// <inheritdoc/>
    public override DateTimeOffset GetUtcNow()
    {
        lock (_lock)
        {
            return _wallClock;
        }
    }

    /// <summary>Moves the wall clock and leaves the monotonic clock and all timers alone.</summary>
    public void JumpWallClock(TimeSpan by)
    {
        lock (_lock)
        {
            _wallClock += by;
        }
    }

    /// <summary>Turns both clocks forward, stopping at each timer on the way to fire it.</summary>
    public void Advance(TimeSpan by)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(by, TimeSpan.Zero);
        var end = GetTimestamp() + by.Ticks;
        while (TryTakeDue(end, out var timer))
        {
            timer.Fire();
        }
    }

    /// <inheritdoc/>
    public override ITimer CreateTimer(TimerCallback callback, object? state, TimeSpan dueTime, TimeSpan period)
    {
        var timer = new ManualTimer(this, callback, state);
        timer.Change(dueTime, period);
        return timer;
    }

    private bool TryTakeDue(long end, out ManualTimer timer)
    {
        lock (_lock)
        {
            timer = _timers.Where(candidate => candidate.Due <= end)
                .OrderBy(candidate => (candidate.Due, candidate.Order))
                .FirstOrDefault()!;
            var now = timer is null ? end : Math.Max(timer.Due, _timestamp);
            _wallClock += TimeSpan.FromTicks(now - _timestamp);
            Interlocked.Exchange(ref _timestamp, now);
            if (timer is null)
            {
                return false;
            }

            _timers.Remove(timer);
            if (timer.Period > 0)
            {
                Arm(timer, timer.Period);
            }

            return true;
        }
    }

    private void Arm(ManualTimer timer, long ticks)
    {
        timer.Due = _timestamp + ticks;
        timer.Order = _order++;
        _timers.Add(timer);
    }

    private sealed class ManualTimer(ManualTime time, TimerCallback callback, object? state) : ITimer
    {
        private bool _disposed;

        public long Due { get; set; }

        public long Order { get; set; }

        public long Period { get; private set; }

        public void Fire() => callback(state);

        public bool Change(TimeSpan dueTime, TimeSpan period)
        {
            lock (time._lock)
            {
                if (_disposed)
                {
                    return false;
                }

                time._timers.Remove(this);
                Period = period > TimeSpan.Zero ? period.Ticks : 0;
                if (dueTime != Timeout.InfiniteTimeSpan)
                {
                    time.Arm(this, dueTime.Ticks);
                }

                return true;
            }
        }

        public void Dispose()
        {
            lock (time._lock)
            {
                _disposed = true;
                time._timers.Remove(this);
            }
        }

        public ValueTask DisposeAsync()
        {
            Dispose();
            return ValueTask.CompletedTask;
        }
    }
}
