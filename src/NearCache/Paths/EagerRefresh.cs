using Microsoft.Extensions.Logging;
using NearCache.Coherence.Core;
using NearCache.Diagnostics;
using NearCache.Flights;
using NearCache.Near;

namespace NearCache.Paths;

/// <summary>Makes a value anew in the background while the old one is still served: one caller of the fleet is told when it is soon to end.</summary>
internal sealed class EagerRefresh(KeyMap map, ReadPath reads, FillPath fills, FlightBoard flights, NearClock clock, NearCacheMetrics metrics, ILogger logger)
{
    private const long SayFailedEvery = 10_000;

    private readonly Seldom _sayFailed = new(SayFailedEvery);

    /// <summary>Begins it, unless that key is being refreshed.</summary>
    /// <remarks>Its own token is taken before its factory runs: what is written meanwhile is not overwritten, here or there.</remarks>
    public void Begin<T>(Creation<T> creation, FillRight right) => flights.Refresh(creation.Place.Text, async token =>
    {
        var again = new Creation<T>(map.PlaceName(creation.Place.Text), reads.BeginFill(creation.Place, creation.Terms), creation.Policy, creation.Terms, creation.Factory);
        try
        {
            return await fills.FillAsync(again, right, token, isRefresh: true).ConfigureAwait(false);
        }
        catch (Exception e) when (!token.IsCancellationRequested)
        {
            // Served until it ends; then whoever comes asks the source himself.
            metrics.RefreshFailed();
            if (_sayFailed.IsDue(clock.Monotonic()))
            {
                logger.RefreshFailed(e);
            }

            throw;
        }
    });
}
