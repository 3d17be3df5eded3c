using System.Runtime;

namespace NearCache.Transport;

/// <summary>Cancels a token when a time has passed, not counted what the process has jitTime of itself meanwhile.</summary>
/// <remarks>
/// The first connection of a process runs code that is jitTime as it runs. With half a processor that takes longer than the default
/// timeout, and is nothing that the server can be blamed for. What is jitTime counts up to as much as the limit, so that the token is
/// cancelled after twice the limit at the latest.
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

    /// <summary>Begins.</summary>
    /// <param name="limit">How long.</param>
    /// <param name="time">The clock.</param>
    /// <param name="jitTime">
    /// The time that the process has ever spent compiling; unless given, the runtime's on the system's clock, and none on another one.
    /// </param>
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

    /// <summary>Gets whether the time has passed.</summary>
    public bool HasElapsed => _source.IsCancellationRequested;

    /// <summary>Returns the time that this process has ever spent compiling.</summary>
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
                // A timer counts whole milliseconds.
                _timer.Change(left + TimeSpan.FromMilliseconds(1), Timeout.InfiniteTimeSpan);
            }
            else
            {
                _source.Cancel();
            }
        }
        catch (ObjectDisposedException)
        {
            // It was not needed any more.
        }
    }
}
