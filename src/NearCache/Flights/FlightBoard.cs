using System.Collections.Concurrent;
using System.Globalization;
using System.Numerics;

namespace NearCache.Flights;

/// <summary>The flights under way, by key: at most one a key that a new caller may join, and at most one that refreshes a key in the background.</summary>
internal sealed class FlightBoard(TimeProvider time)
{
    private readonly ConcurrentDictionary<string, Flight> _flights = new(StringComparer.Ordinal);
    private readonly ConcurrentDictionary<string, Flight> _refreshes = new(StringComparer.Ordinal);
    private int _variants;   // bit n: there were flights of variant n

    /// <summary>Joins the flight of this key, or begins one with <paramref name="body"/>.</summary>
    /// <param name="key">The key.</param>
    /// <param name="body">What the flight does; its token is cancelled when nobody waits for it any more.</param>
    /// <param name="linger">For how long after its landing others may still have a flight's result; asked when it has succeeded, before anybody is told.</param>
    /// <param name="meanwhile">What this caller takes rather than wait for long; null: nothing.</param>
    /// <param name="cancellationToken">Gives up this caller's wait.</param>
    /// <param name="forAnother">Makes of what the flight has brought what callers get who join it; null: the same.</param>
    /// <remarks>A factory that calls this lends its place meanwhile.</remarks>
    public ValueTask<CacheResult<T>> JoinAsync<T>(
        string key,
        Func<CancellationToken, ValueTask<CacheResult<T>>> body,
        Func<TimeSpan> linger,
        Meanwhile<T>? meanwhile,
        CancellationToken cancellationToken,
        Func<CacheResult<T>, CacheResult<T>>? forAnother = null) =>
        FactoryPlace.Current is { } place
            ? LendAsync(place, key, body, linger, meanwhile, forAnother, cancellationToken)
            : JoinOrBeginAsync(key, body, linger, meanwhile, forAnother, cancellationToken);

    /// <summary>Begins to refresh a key in the background, unless that is under way.</summary>
    /// <param name="key">The key.</param>
    /// <param name="body">What is done; its token is cancelled by <see cref="EndRefreshes"/>.</param>
    public void Refresh<T>(string key, Func<CancellationToken, ValueTask<CacheResult<T>>> body)
    {
        var flight = new Flight<T>(time.GetTimestamp());
        if (_refreshes.TryAdd(key, flight))
        {
            _ = RefreshAsync(key, flight, body);
        }
    }

    /// <summary>What a background refresh of this key will bring; null: there is none under way.</summary>
    public Task<CacheResult<T>>? Refreshing<T>(string key) => _refreshes.TryGetValue(key, out var flight) ? (flight as Flight<T>)?.Landing : null;

    /// <summary>The key was written or removed: whoever comes now does not join what began before.</summary>
    public void Cut(string key)
    {
        _flights.TryRemove(key, out _);
        _refreshes.TryRemove(key, out _);
        for (var left = (uint)Volatile.Read(ref _variants); left != 0; left &= left - 1)
        {
            _flights.TryRemove(NameOf(key, BitOperations.TrailingZeroCount(left)), out _);
        }
    }

    /// <summary>The name for flights of a key that others of the same key must not join; <see cref="Cut"/> of the key cuts them all.</summary>
    /// <param name="key">The key.</param>
    /// <param name="variant">From 0 to 31.</param>
    public string VariantOf(string key, int variant)
    {
        Interlocked.Or(ref _variants, 1 << variant);
        return NameOf(key, variant);
    }

    // No key holds a space.
    private static string NameOf(string key, int variant) => string.Create(CultureInfo.InvariantCulture, $"{key} {variant}");

    /// <summary>Nobody waits for what is refreshed in the background.</summary>
    public void EndRefreshes()
    {
        foreach (var refresh in _refreshes.Values)
        {
            refresh.Abandon();
        }
    }

    private async ValueTask<CacheResult<T>> LendAsync<T>(
        FactoryPlace place,
        string key,
        Func<CancellationToken, ValueTask<CacheResult<T>>> body,
        Func<TimeSpan> linger,
        Meanwhile<T>? meanwhile,
        Func<CacheResult<T>, CacheResult<T>>? forAnother,
        CancellationToken cancellationToken)
    {
        place.Lend();
        try
        {
            return await JoinOrBeginAsync(key, body, linger, meanwhile, forAnother, cancellationToken).ConfigureAwait(false);
        }
        finally
        {
            await place.TakeBackAsync().ConfigureAwait(false);
        }
    }

    private async ValueTask<CacheResult<T>> JoinOrBeginAsync<T>(
        string key,
        Func<CancellationToken, ValueTask<CacheResult<T>>> body,
        Func<TimeSpan> linger,
        Meanwhile<T>? meanwhile,
        Func<CacheResult<T>, CacheResult<T>>? forAnother,
        CancellationToken cancellationToken)
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
                    var (result, isInstead) = await WaitAsync(key, shared, meanwhile, cancellationToken).ConfigureAwait(false);
                    return isInstead ? result : shared.ForAnother(result);
                }

                Remove(key, shared);
                continue;
            }

            var flight = new Flight<T>(time.GetTimestamp(), forAnother);
            flight.TryBoard();
            if (_flights.TryAdd(key, flight))
            {
                _ = RunAsync(key, flight, body, linger);
                return (await WaitAsync(key, flight, meanwhile, cancellationToken).ConfigureAwait(false)).Result;
            }
        }
    }

    private async Task RunAsync<T>(string key, Flight<T> flight, Func<CancellationToken, ValueTask<CacheResult<T>>> body, Func<TimeSpan> linger)
    {
        var wait = TimeSpan.Zero;
        await flight.FlyAsync(
            body,
            succeeded =>
            {
                // Whoever calls when it is over does not join it: who was told that it failed may try again at once.
                wait = succeeded ? linger() : TimeSpan.Zero;
                if (wait <= TimeSpan.Zero)
                {
                    Remove(key, flight);
                }
            }).ConfigureAwait(false);
        _ = flight.Landing.Exception;   // seen, even if every caller has left
        if (wait > TimeSpan.Zero)
        {
            await Task.Delay(wait, time, CancellationToken.None).ConfigureAwait(false);
            Remove(key, flight);
        }
    }

    private async Task RefreshAsync<T>(string key, Flight<T> flight, Func<CancellationToken, ValueTask<CacheResult<T>>> body)
    {
        await Task.CompletedTask.ConfigureAwait(ConfigureAwaitOptions.ForceYielding);   // the caller's code may take its time before its first await
        await flight.FlyAsync(body).ConfigureAwait(false);
        _ = flight.Landing.Exception;
        _refreshes.TryRemove(new KeyValuePair<string, Flight>(key, flight));
    }

    // Instead: it is not what the flight has brought, but what the caller took in its place.
    private async ValueTask<(CacheResult<T> Result, bool IsInstead)> WaitAsync<T>(string key, Flight<T> flight, Meanwhile<T>? meanwhile, CancellationToken cancellationToken)
    {
        try
        {
            if (meanwhile is not null && !await HasLandedAsync(flight, meanwhile.After, cancellationToken).ConfigureAwait(false) && meanwhile.Instead() is { HasValue: true } instead)
            {
                // Somebody will want what it brings.
                flight.Keep();
                return (instead, true);
            }

            return (await flight.Landing.WaitAsync(cancellationToken).ConfigureAwait(false), false);
        }
        finally
        {
            if (!flight.Landing.IsCompleted && flight.Leave())
            {
                Remove(key, flight);
            }
        }
    }

    private async ValueTask<bool> HasLandedAsync<T>(Flight<T> flight, TimeSpan after, CancellationToken cancellationToken)
    {
        var left = after - time.GetElapsedTime(flight.StartedAt);
        if (!flight.Landing.IsCompleted && left > TimeSpan.Zero)
        {
            await ((Task)flight.Landing).WaitAsync(left, time, cancellationToken).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            cancellationToken.ThrowIfCancellationRequested();
        }

        return flight.Landing.IsCompleted;
    }

    private void Remove(string key, Flight flight) => _flights.TryRemove(new KeyValuePair<string, Flight>(key, flight));
}
