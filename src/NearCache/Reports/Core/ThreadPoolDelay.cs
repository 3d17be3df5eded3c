namespace NearCache.Reports.Core;

/// <summary>The longest time that a work item waited for a thread of the pool, during the last seconds.</summary>
/// <remarks>Thread-safe. One work item is queued at a time, so that a starved pool is not loaded further.</remarks>
internal sealed class ThreadPoolDelay
{
    /// <summary>The time that is looked back, in milliseconds.</summary>
    public const long Window = 10_000;

    private const int Buckets = 10;
    private const long BucketWidth = Window / Buckets;

    private readonly Lock _lock = new();   // guards everything below
    private readonly (long Bucket, long Delay)[] _longest = new (long, long)[Buckets];
    private long? _queuedAt;

    /// <summary>Returns whether a work item should be queued now. If so, the pool must call <see cref="Ran"/>.</summary>
    public bool TryQueue(long now)
    {
        lock (_lock)
        {
            if (_queuedAt is not null)
            {
                return false;
            }

            _queuedAt = now;
            return true;
        }
    }

    /// <summary>Records that the work item runs.</summary>
    public void Ran(long now)
    {
        lock (_lock)
        {
            Record(now, now - _queuedAt.GetValueOrDefault(now));
            _queuedAt = null;
        }
    }

    /// <summary>Returns the longest delay in milliseconds, including that of the work item that still waits.</summary>
    public long Longest(long now)
    {
        lock (_lock)
        {
            var first = (now / BucketWidth) - Buckets + 1;
            var recorded = _longest.Where(one => one.Bucket >= first).Select(one => one.Delay).DefaultIfEmpty().Max();
            return Math.Max(recorded, now - (_queuedAt ?? now));
        }
    }

    private void Record(long now, long delay)
    {
        var bucket = now / BucketWidth;
        ref var slot = ref _longest[bucket % Buckets];
        slot = (bucket, slot.Bucket == bucket ? Math.Max(slot.Delay, delay) : delay);
    }
}
