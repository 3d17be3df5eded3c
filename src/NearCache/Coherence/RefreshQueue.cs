using NearCache.Coherence.Core;
using NearCache.Loops;
using NearCache.Near;

namespace NearCache.Coherence;

/// <summary>
/// Voided keys that are fetched again because their rule requests it. Each is due after a random delay, so that a fleet does not read at
/// the same instant.
/// </summary>
/// <remarks>Thread-safe. The <see cref="Invalidator"/> adds entries, and one loop takes the keys.</remarks>
internal sealed class RefreshQueue(NearClock clock, TimeProvider time)
{
    // More keys than this wait only if the application writes as fast as it reads; the rest are fetched when they are read.
    private const int MaxWaiting = 10_000;
    private const int LongestPause = 1_000;
    private readonly Lock _lock = new();   // guards the next two fields
    private readonly PriorityQueue<string, long> _due = new();
    private readonly HashSet<string> _waiting = new(StringComparer.Ordinal);
    private readonly LoopSignal _added = new(time);

    /// <summary>Adds the key of a voided entry. Called with the lock of its server held, so it only records the key.</summary>
    public void Add(NearEntry entry)
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

            _due.Enqueue(entry.Key, clock.Monotonic() + Random.Shared.Next(LongestPause));
        }

        _added.Set();
    }

    /// <summary>Takes the keys that are due.</summary>
    /// <param name="now">The present time.</param>
    /// <param name="wait">The milliseconds until the next key is due.</param>
    public List<string> TakeDue(in Timestamps now, out long wait)
    {
        var keys = new List<string>();
        lock (_lock)
        {
            while (_due.TryPeek(out var key, out var at))
            {
                if (at > now.Monotonic)
                {
                    wait = at - now.Monotonic;
                    return keys;
                }

                _due.Dequeue();
                _waiting.Remove(key);
                keys.Add(key);
            }
        }

        wait = long.MaxValue;
        return keys;
    }

    /// <summary>Waits for a number of milliseconds, or until a key is added.</summary>
    public Task WaitAsync(long milliseconds, CancellationToken cancellationToken) => _added.WaitAsync(milliseconds, cancellationToken);
}
