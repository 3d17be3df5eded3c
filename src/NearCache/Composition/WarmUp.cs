using Microsoft.Extensions.Logging;
using NearCache.Loops;

namespace NearCache.Composition;

/// <summary>Determines when a new cache is warm, or has used up the time for it.</summary>
internal sealed class WarmUp : IAsyncDisposable
{
    private static readonly TimeSpan CheckInterval = TimeSpan.FromMilliseconds(50);
    private readonly BackgroundLoop _loop;
    private readonly TimeSpan _limit;
    private readonly TimeProvider _time;
    private readonly long _started;
    private volatile bool _isOver;

    /// <param name="isWarm">Returns whether the cache is warm.</param>
    /// <param name="limit">The longest wait.</param>
    /// <param name="time">The clock.</param>
    /// <param name="logger">Logs a failure of the loop.</param>
    public WarmUp(Func<bool> isWarm, TimeSpan limit, TimeProvider time, ILogger logger)
    {
        (_limit, _time, _started) = (limit, time, time.GetTimestamp());
        _loop = new BackgroundLoop(logger, "waiting until the cache is warm");
        _loop.Run(stopping => WaitAsync(isWarm, stopping));
    }

    /// <summary>Gets a value indicating whether the cache is warm or the wait has ended.</summary>
    /// <remarks>The deadline needs no thread of the pool: a process that starves at start is ready in time.</remarks>
    public bool IsOver => _isOver || IsDue;

    private bool IsDue => _time.GetElapsedTime(_started) >= _limit;

    public ValueTask DisposeAsync() => _loop.DisposeAsync();

    private async Task WaitAsync(Func<bool> isWarm, CancellationToken stopping)
    {
        while (!isWarm() && !IsDue)
        {
            await Task.Delay(CheckInterval, _time, stopping).ConfigureAwait(false);
        }

        _isOver = true;
    }
}
