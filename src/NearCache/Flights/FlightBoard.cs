using System.Collections.Concurrent;

namespace NearCache.Flights;

/// <summary>The flights under way, by key: at most one a key that a new caller may join.</summary>
internal sealed class FlightBoard(TimeProvider time)
{
    private readonly ConcurrentDictionary<string, Flight> _flights = new(StringComparer.Ordinal);

    /// <summary>Joins the flight of this key, or begins one with <paramref name="body"/>.</summary>
    /// <param name="key">The key.</param>
    /// <param name="body">What the flight does; its token is cancelled when nobody waits for it any more.</param>
    /// <param name="linger">For how long after its landing others may still have a flight's result; asked after it has landed.</param>
    /// <param name="cancellationToken">Gives up this caller's wait.</param>
    public async ValueTask<CacheResult<T>> JoinAsync<T>(
        string key, Func<CancellationToken, ValueTask<CacheResult<T>>> body, Func<TimeSpan> linger, CancellationToken cancellationToken)
    {
        while (true)
        {
            if (_flights.TryGetValue(key, out var under))
            {
                if (under is not Flight<T> shared)
                {
                    // The same key as another type: a mistake, which sharing would turn into a cast that fails.
                    return await body(cancellationToken).ConfigureAwait(false);
                }

                if (shared.TryBoard())
                {
                    return await WaitAsync(key, shared, cancellationToken).ConfigureAwait(false);
                }

                Remove(key, shared);
                continue;
            }

            var flight = new Flight<T>();
            flight.TryBoard();
            if (_flights.TryAdd(key, flight))
            {
                _ = RunAsync(key, flight, body, linger);
                return await WaitAsync(key, flight, cancellationToken).ConfigureAwait(false);
            }
        }
    }

    /// <summary>The key was written or removed: whoever comes now does not join what began before.</summary>
    public void Cut(string key) => _flights.TryRemove(key, out _);

    private async Task RunAsync<T>(string key, Flight<T> flight, Func<CancellationToken, ValueTask<CacheResult<T>>> body, Func<TimeSpan> linger)
    {
        await flight.FlyAsync(body).ConfigureAwait(false);
        _ = flight.Landing.Exception;   // seen, even if every caller has left
        if (flight.Landing.IsCompletedSuccessfully && linger() is { Ticks: > 0 } wait)
        {
            await Task.Delay(wait, time, CancellationToken.None).ConfigureAwait(false);
        }

        Remove(key, flight);
    }

    private async ValueTask<CacheResult<T>> WaitAsync<T>(string key, Flight<T> flight, CancellationToken cancellationToken)
    {
        try
        {
            return await flight.Landing.WaitAsync(cancellationToken).ConfigureAwait(false);
        }
        finally
        {
            if (!flight.Landing.IsCompleted && flight.Leave())
            {
                Remove(key, flight);
            }
        }
    }

    private void Remove(string key, Flight flight) => _flights.TryRemove(new KeyValuePair<string, Flight>(key, flight));
}
