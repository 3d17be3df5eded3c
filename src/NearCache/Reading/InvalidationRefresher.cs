using Microsoft.Extensions.Logging;
using NearCache.Coherence;
using NearCache.Diagnostics;
using NearCache.Loops;
using NearCache.Near;

namespace NearCache.Reading;

/// <summary>Fetches the keys of the <see cref="RefreshQueue"/> again.</summary>
internal sealed class InvalidationRefresher : IAsyncDisposable
{
    private readonly RefreshQueue _queue;
    private readonly PrefetchPath _prefetch;
    private readonly NearStore _near;
    private readonly NearClock _clock;
    private readonly NearCacheMetrics _metrics;
    private readonly BackgroundLoop _loop;

    public InvalidationRefresher(
        RefreshQueue queue, PrefetchPath prefetch, NearStore near, NearClock clock, NearCacheMetrics metrics, ILogger logger)
    {
        (_queue, _prefetch, _near, _clock, _metrics) = (queue, prefetch, near, clock, metrics);
        _loop = new BackgroundLoop(logger, "refreshing");
        _loop.Start(NextAsync);
    }

    public ValueTask DisposeAsync() => _loop.DisposeAsync();

    private async Task NextAsync(CancellationToken stopping)
    {
        var now = _clock.Now();
        var keys = _queue.TakeDue(now, out var wait);

        // A key may have been read since.
        keys.RemoveAll(key => _near.Find(key)?.IsServable(now) == true);
        if (keys.Count == 0)
        {
            await _queue.WaitAsync(wait, stopping).ConfigureAwait(false);
            return;
        }

        var left = await _prefetch.FetchAsync(keys, "refresh").ConfigureAwait(false);
        _metrics.NotPrefetched("refresh", left.Count);
    }
}
