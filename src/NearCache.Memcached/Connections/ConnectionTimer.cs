using NearCache.Transport;
using NearCache.Transport.Scheduling;

namespace NearCache.Memcached.Connections;

/// <summary>Ticks a connection periodically, also while the thread pool is starved.</summary>
/// <remarks>
/// Timers run on the thread pool, which may execute nothing. While commands are in flight, <see cref="ThreadWatchdog"/> detects a late tick
/// and the <see cref="WorkScheduler"/> executes it. With a clock other than the system's, the timer alone determines the ticks.
/// </remarks>
internal sealed class ConnectionTimer : IWatchdogTarget, IThreadPoolWorkItem
{
    private readonly Connection _connection;
    private readonly ConnectionSettings _settings;
    private readonly JitAllowance _jitAllowance;
    private readonly TimeSpan _late;
    private readonly ITimer _timer;
    private long _tickedAt;
    private int _isTickQueued;

    /// <summary>Starts the ticks.</summary>
    public ConnectionTimer(Connection connection, ConnectionSettings settings)
    {
        (_connection, _settings, _late) = (connection, settings, settings.TickPeriod * 1.25);
        _jitAllowance = new JitAllowance(settings.TickPeriod, settings.TicksPerTimeout);
        _tickedAt = settings.Time.GetTimestamp();
        IsWatched = ReferenceEquals(settings.Time, TimeProvider.System);
        _timer = settings.Time.CreateTimer(
            static timer => ((ConnectionTimer)timer!).Tick(), this, settings.TickPeriod, settings.TickPeriod);
        if (IsWatched)
        {
            ThreadWatchdog.Add(this);
        }
    }

    /// <summary>Gets a value that indicates whether <see cref="ThreadWatchdog"/> detects late ticks.</summary>
    public bool IsWatched { get; }

    bool IWatchdogTarget.HasWork => _connection.InFlight > 0;

    bool IWatchdogTarget.Check()
    {
        if (_connection.InFlight == 0)
        {
            return false;
        }

        if (IsTickLate() && Interlocked.Exchange(ref _isTickQueued, 1) == 0)
        {
            WorkScheduler.Queue(this);
        }

        return true;
    }

    void IThreadPoolWorkItem.Execute()
    {
        Volatile.Write(ref _isTickQueued, 0);
        if (IsTickLate())
        {
            Tick();
        }
    }

    /// <summary>Stops the ticks. May be called more than once.</summary>
    public void Stop()
    {
        _timer.Dispose();
        if (IsWatched)
        {
            ThreadWatchdog.Remove(this);
        }
    }

    private bool IsTickLate() => _settings.Time.GetElapsedTime(Volatile.Read(ref _tickedAt)) > _late;

    private void Tick()
    {
        Volatile.Write(ref _tickedAt, _settings.Time.GetTimestamp());
        _settings.Starvation.LogIfStarved();

        // A tick during which the process compiled code is not held against the server.
        if (!IsWatched || !_jitAllowance.TryExcuse(JitAwareTimeout.GetJitTime()))
        {
            _connection.Tick();
        }
    }
}
