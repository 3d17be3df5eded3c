using Microsoft.Extensions.Logging;
using NearCache.Diagnostics;
using NearCache.Flights;
using NearCache.Near;
using NearCache.Placement;
using NearCache.Reading;
using NearCache.Remote.Formats;

namespace NearCache.Creating;

/// <summary>
/// Gets a value, or creates it with the caller's factory if it is not cached. One caller of a process, and with leases one process of the
/// fleet, runs the factory.
/// </summary>
/// <remarks>
/// Callers of one process share a flight here. <see cref="LeasePath"/> coordinates the processes of the fleet, and <see cref="FillPath"/>
/// runs the factory and stores its result.
/// </remarks>
internal sealed class CreatePath(
    KeyPlacement map,
    ReadPath reads,
    NearStore near,
    StaleStore stale,
    SingleFlight flights,
    LeasePath leases,
    FactoryRunner factories,
    ValueTranscoder format,
    NearCacheMetrics metrics,
    ILogger logger,
    NearCacheOptions options)
    : IDisposable
{
    /// <remarks>
    /// A caller that joins another's flight receives the result of that flight's policy. Only its soft timeout is its own.
    /// </remarks>
    public ValueTask<CacheResult<T>> GetOrCreateAsync<TState, T>(
        string key,
        TState state,
        Func<TState, CancellationToken, ValueTask<T>> factory,
        CacheEntryOptions? entry,
        CancellationToken cancellationToken) =>
        GetOrCreateAsync(map.Place(key), state, factory, entry, cancellationToken);

    private ValueTask<CacheResult<T>> GetOrCreateAsync<TState, T>(
        PlacedKey place,
        TState state,
        Func<TState, CancellationToken, ValueTask<T>> factory,
        CacheEntryOptions? entry,
        CancellationToken cancellationToken) =>
        GetOrCreateAsync(new FlightKey(place.Text, typeof(T)), place, state, factory, entry, terms: null, cancellationToken);

    /// <param name="flight">The key of the flight; callers with equal keys share it.</param>
    /// <param name="place">The key.</param>
    /// <param name="state">Passed to the factory.</param>
    /// <param name="factory">The source.</param>
    /// <param name="entry">The options of the call.</param>
    /// <param name="terms">What may be used and kept; null for no constraint.</param>
    /// <param name="cancellationToken">Cancels the wait of this caller.</param>
    public ValueTask<CacheResult<T>> GetOrCreateAsync<TState, T>(
        FlightKey flight,
        PlacedKey place,
        TState state,
        Func<TState, CancellationToken, ValueTask<T>> factory,
        CacheEntryOptions? entry,
        CreationConstraints<T>? terms,
        CancellationToken cancellationToken) =>
        NearCacheTraces.HasListeners
            ? TracedAsync(flight, place, state, factory, entry, terms, cancellationToken)
            : JoinAsync(flight, place, state, factory, entry, terms, cancellationToken);

    /// <summary>Runs a factory in its turn, without storing the result.</summary>
    public async ValueTask<T> RunAsync<TState, T>(Flight flight, TState state, Func<TState, CancellationToken, ValueTask<T>> factory)
    {
        var limit = FillPolicy.LimitOf(options.FactoryTimeout);
        var value = await factories.RunAsync(flight, state, factory, limit, flight.Token).ConfigureAwait(false);
        flight.MarkCurrentAsOf(flight.FactoryStartedAt, options.MaxStaleness);
        return value;
    }

    public void Dispose() => flights.CancelRefreshes();

    private async ValueTask<CacheResult<T>> TracedAsync<TState, T>(
        FlightKey flight,
        PlacedKey place,
        TState state,
        Func<TState, CancellationToken, ValueTask<T>> factory,
        CacheEntryOptions? entry,
        CreationConstraints<T>? terms,
        CancellationToken cancellationToken)
    {
        using var activity = NearCacheTraces.BeginGetOrCreate();
        try
        {
            var result = await JoinAsync(flight, place, state, factory, entry, terms, cancellationToken).ConfigureAwait(false);
            activity?.SetResult(result);
            return result;
        }
        catch (Exception e)
        {
            activity?.SetError(e);
            throw;
        }
    }

    private ValueTask<CacheResult<T>> JoinAsync<TState, T>(
        FlightKey name,
        PlacedKey place,
        TState state,
        Func<TState, CancellationToken, ValueTask<T>> factory,
        CacheEntryOptions? entry,
        CreationConstraints<T>? terms,
        CancellationToken cancellationToken)
    {
        format.RequireSupported<T>();
        var policy = FillPolicy.Of(entry, options);
        var isShielded = false;
        var copies = terms is null && !reads.SharesInstances<T>(place) ? new PerCallerCopies<T>(format.CodecOf<T>()) : null;
        var plan = new FlightRequest<T>(name, MakeAsync)
        {
            Tags = terms?.Tags ?? [],
            ReuseFor = () => isShielded ? options.FactoryReuse : TimeSpan.Zero,
            SoftTimeout = policy is { SoftTimeout: { } soft, MayServeStale: true }
                ? new SoftTimeoutFallback<T>(soft, () => Stale<T>(place.Text, policy, "slow"))
                : null,
            CopyForJoiner = copies.CopyForJoiner(),
        };
        return flights.JoinAsync(plan, cancellationToken);

        async ValueTask<CacheResult<T>> MakeAsync(Flight flight)
        {
            CacheResult<T> found;
            if (terms is not { ReadsNear: false } && near.TryGet<T>(place.Text, out found) && terms?.IsCurrent(found.Value!) != false)
            {
                return copies.Keep(found);
            }

            // The first read of a prefetched value. Constrained values have another type, and are never prefetched.
            if (terms is null && reads.TryGetPrefetched(place.Text, out found))
            {
                return copies.Keep(found);
            }

            if (!map.IsFinal(place))
            {
                place = await map.FinalAsync(place, flight.Token).ConfigureAwait(false);
            }

            var fill = reads.BeginFill(place, terms);
            reads.CountNearMiss(place.Text, fill);
            var creation = new CreationContext<T>(
                flight, place, fill, policy, terms, (flight, run) => factories.RunAsync(flight, state, factory, policy.Timeout, run));
            var result = await CreateOrServeStaleAsync(creation, flight.Token).ConfigureAwait(false);
            isShielded = creation.RemoteFailed || result.IsStale;
            if (result.IsStale)
            {
                // A stale result is marked as such, so it is current for every caller.
                flight.MarkCurrentAsOf(FlightInstant.Last);
            }

            return copies.Keep(result, creation.Bytes);
        }
    }

    // Serves a stale value when the source fails, if the options allow it.
    private async ValueTask<CacheResult<T>> CreateOrServeStaleAsync<T>(CreationContext<T> creation, CancellationToken cancellationToken)
    {
        try
        {
            return await leases.CreateAsync(creation, cancellationToken).ConfigureAwait(false);
        }
        catch (Exception e) when (
            creation.Policy.MayServeStale
                && !cancellationToken.IsCancellationRequested
                && !(creation.RemoteFailed && options.OnRemoteFailure == RemoteFailurePolicy.Throw))
        {
            if (Stale<T>(creation.Place.Text, creation.Policy, "failed") is not { HasValue: true } instead)
            {
                throw;
            }

            logger.FactoryFailed(e);
            return instead;
        }
    }

    private CacheResult<T> Stale<T>(string key, in FillPolicy policy, string reason)
    {
        if (stale.TryGet<T>(key, policy.StaleLifetime, out var result))
        {
            metrics.StaleServed(reason);
        }

        return result;
    }
}
