using Microsoft.Extensions.Logging;
using NearCache.Loops;

namespace NearCache.Composition;

/// <summary>Knows when a cache that was just made is warm, or has taken long enough.</summary>
internal sealed class WarmUp : IAsyncDisposable
{
    private static readonly TimeSpan LookEvery = TimeSpan.FromMilliseconds(50);
    private readonly BackgroundLoop _loop;
    private volatile bool _isOver;

    /// <param name="isWarm">Whether everything is there that is waited for.</param>
    /// <param name="limit">How long that is waited for.</param>
    /// <param name="time">The clock.</param>
    /// <param name="logger">Is told of a defect.</param>
    public WarmUp(Func<bool> isWarm, TimeSpan limit, TimeProvider time, ILogger logger)
    {
        _loop = new BackgroundLoop(logger, "waiting until the cache is warm");
        _loop.Run(stopping => WaitAsync(isWarm, limit, time, stopping));
    }

    /// <summary>Whether nothing is waited for any more.</summary>
    public bool IsOver => _isOver;

    public ValueTask DisposeAsync() => _loop.DisposeAsync();

    private async Task WaitAsync(Func<bool> isWarm, TimeSpan limit, TimeProvider time, CancellationToken stopping)
    {
        var started = time.GetTimestamp();
        while (!isWarm() && time.GetElapsedTime(started) < limit)
        {
            await Task.Delay(LookEvery, time, stopping).ConfigureAwait(false);
        }

        _isOver = true;
    }
}
