using Microsoft.Extensions.Logging;
using NearCache.Diagnostics;
using NearCache.Loops;
using NearCache.Near;

namespace NearCache.Reading;

/// <summary>
/// Fetches voided keys again where the rule requests it, each after a random delay, so that a fleet does not read at the same instant.
/// </summary>
internal sealed class InvalidationRefresher : IAsyncDisposable
{
    // More keys than this wait only if the application writes as fast as it reads; the rest are fetched when they are read.
    private const int MaxWaiting = 10_000;
    private const int LongestPause = 1_000;
    private readonly Lock _lock = new();   // guards the next two fields
    private readonly PriorityQueue<string, long> _due = new();
    private readonly HashSet<string> _waiting = new(StringComparer.Ordinal);
    private readonly PrefetchPath _prefetch;
    private readonly NearStore _near;
    private readonly NearClock _clock;
    private readonly NearCacheMetrics _metrics;
    private readonly LoopSignal _wake;
    private readonly BackgroundLoop _loop;

    public InvalidationRefresher(
        PrefetchPath prefetch, NearStore near, NearClock clock, TimeProvider time, NearCacheMetrics metrics, ILogger logger)
    {
        (_prefetch, _near, _clock, _metrics, _wake) = (prefetch, near, clock, metrics, new LoopSignal(time));
        _loop = new BackgroundLoop(logger, "refreshing");
        _loop.Start(NextAsync);
    }

    /// <summary>Queues the key of a voided entry. Called with the lock of its server held, so it only records the key.</summary>
    public void Voided(NearEntry entry)
    {
        if (entry.Rule.Rule.OnInvalidate != InvalidationPolicy.Refresh)
        {
            return;
        }

        lock (_lock)
        {
            if (_waiting.Count >= MaxWaiting || !_waiting.Add(entry.Key))
            {
                return;
            }

            _due.Enqueue(entry.Key, _clock.Monotonic() + Random.Shared.Next(LongestPause));
        }

        _wake.Set();
    }

    public ValueTask DisposeAsync() => _loop.DisposeAsync();

    private async Task NextAsync(CancellationToken stopping)
    {
        var (keys, wait) = TakeDue();
        if (keys.Count == 0)
        {
            await _wake.WaitAsync(wait, stopping).ConfigureAwait(false);
            return;
        }

        var left = await _prefetch.FetchAsync(keys, "refresh").ConfigureAwait(false);
        _metrics.NotPrefetched("refresh", left.Count);
    }

    private (List<string> Keys, long Wait) TakeDue()
    {
        var now = _clock.Now();
        var keys = new List<string>();
        lock (_lock)
        {
            while (_due.TryPeek(out var key, out var at))
            {
                if (at > now.Monotonic)
                {
                    return (keys, at - now.Monotonic);
                }

                _due.Dequeue();
                _waiting.Remove(key);

                // The key may have been read since.
                if (_near.Find(key)?.IsServable(now) != true)
                {
                    keys.Add(key);
                }
            }
        }

        return (keys, long.MaxValue);
    }
}
