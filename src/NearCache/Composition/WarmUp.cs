using Microsoft.Extensions.Logging;
using NearCache.Loops;

namespace NearCache.Composition;

/// <summary>Determines when a new cache is warm, or has used up the time for it.</summary>
internal sealed class WarmUp : IAsyncDisposable
{
    private static readonly TimeSpan CheckInterval = TimeSpan.FromMilliseconds(50);
    private readonly BackgroundLoop _loop;
    private volatile bool _isOver;

    /// <param name="isWarm">Returns whether the cache is warm.</param>
    /// <param name="limit">The longest wait.</param>
    /// <param name="time">The clock.</param>
    /// <param name="logger">Logs a failure of the loop.</param>
    public WarmUp(Func<bool> isWarm, TimeSpan limit, TimeProvider time, ILogger logger)
    {
        _loop = new BackgroundLoop(logger, "waiting until the cache is warm");
        _loop.Run(stopping => WaitAsync(isWarm, limit, time, stopping));
    }

    /// <summary>Gets a value indicating whether the cache is warm or the wait has ended.</summary>
    public bool IsOver => _isOver;

    public ValueTask DisposeAsync() => _loop.DisposeAsync();

    private async Task WaitAsync(Func<bool> isWarm, TimeSpan limit, TimeProvider time, CancellationToken stopping)
    {
        var started = time.GetTimestamp();
        while (!isWarm() && time.GetElapsedTime(started) < limit)
        {
            await Task.Delay(CheckInterval, time, stopping).ConfigureAwait(false);
        }

        _isOver = true;
    }
}
