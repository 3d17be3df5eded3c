using Microsoft.Extensions.Logging;
using NearCache.Coherence.Core;
using NearCache.Diagnostics;
using NearCache.Flights;
using NearCache.Near;
using NearCache.Placement;
using NearCache.Reading;

namespace NearCache.Creating;

/// <summary>
/// Refreshes a value in the background while the current one is served. memcached notifies one caller of the fleet shortly before the value
/// expires.
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
    private const long FailureLogInterval = 10_000;

    private readonly LogThrottle _failureLog = new(FailureLogInterval);

    /// <summary>Starts a refresh, unless one is running for the key.</summary>
    /// <remarks>
    /// The permit to store and a new fill token are taken before the factory runs, so that the refresh overwrites no concurrent write,
    /// on memcached or near. No call waits for a refresh or receives its result.
    /// </remarks>
    public void Begin<T>(CreationContext<T> creation, FillPermit right, TimeSpan wait) =>
        flights.Refresh(creation.Flight.Key, async flight =>
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
            // The current value is served until it expires; then the next caller runs its factory.
            metrics.RefreshFailed();
            if (_failureLog.ShouldLog(clock.Monotonic()))
            {
                logger.RefreshFailed(e);
            }

            throw;
        }
    });
}
