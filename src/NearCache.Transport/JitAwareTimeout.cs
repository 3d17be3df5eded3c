using System.Runtime;

namespace NearCache.Transport;

/// <summary>Cancels a token after a time limit; time that the process spends on JIT compilation is not counted.</summary>
/// <remarks>
/// The first connection of a process executes code that is compiled while it runs. With half a processor that takes longer than the default
/// timeout, which is not the server's fault. JIT time is credited up to the limit itself: the token is canceled after twice the limit at
/// the latest.
/// </remarks>
internal sealed class JitAwareTimeout : IDisposable
{
    private readonly CancellationTokenSource _source = new();
    private readonly TimeSpan _limit;
    private readonly TimeProvider _time;
    private readonly Func<TimeSpan> _getJitTime;
    private readonly TimeSpan _jitTimeAtStart;
    private readonly long _started;
    private readonly ITimer _timer;

    /// <summary>Starts the timer.</summary>
    /// <param name="limit">The time limit.</param>
    /// <param name="time">The clock of the limit.</param>
    /// <param name="jitTime">Returns the total JIT time of the process. By default the runtime's value on the system clock, and zero on any
    /// other clock.</param>
    public JitAwareTimeout(TimeSpan limit, TimeProvider time, Func<TimeSpan>? jitTime = null)
    {
        (_limit, _time, _getJitTime) = (
            limit, time, jitTime ?? (ReferenceEquals(time, TimeProvider.System) ? GetJitTime : static () => TimeSpan.Zero));
        _jitTimeAtStart = _getJitTime();
        _started = time.GetTimestamp();
        _timer = time.CreateTimer(static limit => ((JitAwareTimeout)limit!).Due(), this, limit, Timeout.InfiniteTimeSpan);
    }

    /// <summary>Gets the token.</summary>
    public CancellationToken Token => _source.Token;

    /// <summary>Gets a value that indicates whether the limit has elapsed.</summary>
    public bool HasElapsed => _source.IsCancellationRequested;

    /// <summary>Returns the total time that this process has spent on JIT compilation.</summary>
    public static TimeSpan GetJitTime() => JitInfo.GetCompilationTime(currentThread: false);

    /// <inheritdoc/>
    public void Dispose()
    {
        _timer.Dispose();
        _source.Dispose();
    }

    private void Due()
    {
        var jitTime = _getJitTime() - _jitTimeAtStart;
        var left = _limit + (jitTime < _limit ? jitTime : _limit) - _time.GetElapsedTime(_started);
        try
        {
            if (left > TimeSpan.Zero)
            {
                // Timers have a resolution of one millisecond; round up.
                _timer.Change(left + TimeSpan.FromMilliseconds(1), Timeout.InfiniteTimeSpan);
            }
            else
            {
                _source.Cancel();
            }
        }
        catch (ObjectDisposedException)
        {
            // Disposed concurrently.
        }
    }
}
