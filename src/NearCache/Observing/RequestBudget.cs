using NearCache.Coherence.Core;
using NearCache.Near;

namespace NearCache.Observing;

/// <summary>Limits the requests of an observer to one server.</summary>
/// <param name="perSecond">The requests a second in the long run; a few seconds' worth at once.</param>
/// <param name="clock">The monotonic clock.</param>
/// <param name="time">The time provider of the waits.</param>
internal sealed class RequestBudget(double perSecond, NearClock clock, TimeProvider time)
{
    /// <summary>The seconds whose requests may be sent at once.</summary>
    public const double BurstSeconds = 6;

    private readonly Lock _lock = new();   // guards the bucket
    private readonly TokenBucket _bucket = new(Math.Max(perSecond * BurstSeconds, 1)) { Rate = perSecond };

    /// <summary>Waits until a request may be sent.</summary>
    public async ValueTask TakeAsync(CancellationToken cancellationToken)
    {
        while (true)
        {
            cancellationToken.ThrowIfCancellationRequested();
            long wait;
            lock (_lock)
            {
                wait = _bucket.Wait(clock.Monotonic());
                if (wait == 0)
                {
                    _bucket.Take();
                    return;
                }
            }

            await Task.Delay(TimeSpan.FromMilliseconds(wait), time, cancellationToken).ConfigureAwait(false);
        }
    }
}
