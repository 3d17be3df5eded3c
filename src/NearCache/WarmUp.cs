namespace NearCache;

/// <summary>Knows when a cache that was just made is warm, or has taken long enough.</summary>
internal sealed class WarmUp : IAsyncDisposable
{
    private static readonly TimeSpan LookEvery = TimeSpan.FromMilliseconds(50);
    private readonly CancellationTokenSource _stopping = new();
    private readonly Task _loop;
    private volatile bool _isOver;

    /// <param name="isWarm">Whether everything is there that is waited for.</param>
    /// <param name="limit">How long that is waited for.</param>
    /// <param name="time">The clock.</param>
    public WarmUp(Func<bool> isWarm, TimeSpan limit, TimeProvider time) => _loop = RunAsync(isWarm, limit, time);

    /// <summary>Whether nothing is waited for any more.</summary>
    public bool IsOver => _isOver;

    public async ValueTask DisposeAsync()
    {
        await _stopping.CancelAsync().ConfigureAwait(false);
        await _loop.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        _stopping.Dispose();
    }

    private async Task RunAsync(Func<bool> isWarm, TimeSpan limit, TimeProvider time)
    {
        var started = time.GetTimestamp();
        while (!isWarm() && time.GetElapsedTime(started) < limit)
        {
            await Task.Delay(LookEvery, time, _stopping.Token).ConfigureAwait(false);
        }

        _isOver = true;
    }
}
