using Microsoft.Extensions.Logging;
using NearCache.Coherence.Core;
using NearCache.Diagnostics;
using NearCache.Flights;
using NearCache.Near;
using NearCache.Placement;
using NearCache.Reading;

namespace NearCache.Creating;

/// <summary>
/// Makes a value anew in the background while the old one is still served: one caller of the fleet is told when it is soon to end.
/// </summary>
internal sealed class EagerRefresh(
    KeyPlacement map,
    ReadPath reads,
    FillPath fills,
    SingleFlight flights,
    NearClock clock,
    TimeProvider time,
    NearCacheMetrics metrics,
    ILogger logger)
{
    private const long SayFailedEvery = 10_000;

    private readonly LogThrottle _sayFailed = new(SayFailedEvery);

    /// <summary>Begins it, unless that key is being refreshed.</summary>
    /// <remarks>
    /// Its right to store and its own token are taken before its factory runs: what is written meanwhile is not overwritten, here or there.
    /// No call waits for it or gets its result.
    /// </remarks>
    public void Begin<T>(CreationContext<T> creation, FillPermit right, TimeSpan wait) => flights.Refresh(creation.Flight.Key, async flight =>
    {
        if (wait > TimeSpan.Zero)
        {
            await Task.Delay(wait, time, flight.Token).ConfigureAwait(false);
        }

        var again = new CreationContext<T>(
            flight,
            map.PlaceName(creation.Place.Text),
            reads.BeginFill(creation.Place, creation.Constraints),
            creation.Policy,
            creation.Constraints,
            creation.Factory);
        try
        {
            return await fills.FillAsync(again, right, flight.Token).ConfigureAwait(false);
        }
        catch (Exception e) when (!flight.Token.IsCancellationRequested)
        {
            // The old value is served until it ends; then the next caller asks the source.
            metrics.RefreshFailed();
            if (_sayFailed.ShouldLog(clock.Monotonic()))
            {
                logger.RefreshFailed(e);
            }

            throw;
        }
    });
}
