using System.Collections.Concurrent;

namespace NearCache.Flights;

/// <summary>
/// The running flights: at most one that a new caller may join for each key, type and variant, and at most one background refresh for each
/// key.
/// </summary>
internal sealed class SingleFlight(TimeProvider time)
{
    // by key; the arrays are immutable and replaced
    private readonly ConcurrentDictionary<string, Flight[]> _flights = new(StringComparer.Ordinal);
    private readonly ConcurrentDictionary<string, Flight> _refreshes = new(StringComparer.Ordinal);
    private readonly TagRemovalCounts _tags = new();
    private readonly Lock _waits = new();   // guards which flight waits for which

    /// <summary>Joins the requested flight, or starts it.</summary>
    /// <param name="plan">The request.</param>
    /// <param name="cancellationToken">Cancels the wait of this caller.</param>
    /// <exception cref="InvalidOperationException">A factory requests a value that waits for this factory.</exception>
    /// <remarks>A factory that calls this method suspends its permit during the call.</remarks>
    public ValueTask<CacheResult<T>> JoinAsync<T>(FlightRequest<T> plan, CancellationToken cancellationToken) =>
        cancellationToken.IsCancellationRequested
        ? ValueTask.FromCanceled<CacheResult<T>>(cancellationToken)
        : FactoryPermit.Current is { HasEnded: false } place ? LendAsync(place, plan, cancellationToken) : JoinOrBeginAsync(
            plan, waiter: null, cancellationToken);

    /// <summary>Starts a background refresh of a key, unless one is running.</summary>
    /// <param name="name">The flight to refresh.</param>
    /// <param name="body">The work; its token is cancelled by <see cref="CancelRefreshes"/>.</param>
    /// <remarks>No call joins a refresh, because its factory may have started before a removal that precedes the call.</remarks>
    public void Refresh<T>(FlightKey name, Func<Flight, ValueTask<CacheResult<T>>> body)
    {
        var flight = new Flight<T>(name, tags: [], tagEpoch: 0, time);
        if (_refreshes.TryAdd(name.Key, flight))
        {
            _ = RefreshAsync(flight, body);
        }
    }

    /// <summary>Detaches the flights of a key that was written or removed: later calls do not join them.</summary>
    public void Forget(string key)
    {
        _flights.TryRemove(key, out _);
        _refreshes.TryRemove(key, out _);
    }

    /// <summary>Detaches the flights with a tag that was removed: later calls do not join them.</summary>
    public void ForgetTag(string tag) => _tags.Advance(tag);

    /// <summary>Returns whether a flight of the same key creates a value of another type.</summary>
    public bool HasFlightOfAnotherType(FlightKey name) =>
        _flights.TryGetValue(name.Key, out var flights) && Array.Exists(flights, flight => flight.Key.Type != name.Type);

    /// <summary>Cancels the background refreshes.</summary>
    public void CancelRefreshes()
    {
        foreach (var refresh in _refreshes.Values)
        {
            refresh.Cancel();
        }
    }

    private async ValueTask<CacheResult<T>> LendAsync<T>(FactoryPermit place, FlightRequest<T> plan, CancellationToken cancellationToken)
    {
        place.Suspend();
        try
        {
            return await JoinOrBeginAsync(plan, place.Flight, cancellationToken).ConfigureAwait(false);
        }
        finally
        {
            await place.ResumeAsync().ConfigureAwait(false);
        }
    }

    private async ValueTask<CacheResult<T>> JoinOrBeginAsync<T>(FlightRequest<T> plan, Flight? waiter, CancellationToken cancellationToken)
    {
        while (true)
        {
            var present = _flights.GetValueOrDefault(plan.Key.Key, []);
            var shared = Array.Find(present, flight => flight is Flight<T> && flight.Key == plan.Key) as Flight<T>;
            var isOvertaken = shared is not null && shared.TagEpoch != _tags.Of(shared.Tags);
            if (shared is not null && !isOvertaken && shared.TryJoin(out var boarded))
            {
                var (result, isInstead) = await WaitAsync(shared, plan.SoftTimeout, waiter, cancellationToken).ConfigureAwait(false);
                if (isInstead || shared.IsGoodFor(boarded))
                {
                    return isInstead ? result : shared.CopyFor(result);
                }

                Remove(shared);   // the flight may still be reusable
                cancellationToken.ThrowIfCancellationRequested();
                continue;
            }

            // Replaces a flight whose tag was removed, or that all callers have left.
            var flight = new Flight<T>(plan.Key, plan.Tags, _tags.Of(plan.Tags), time, plan.CopyForJoiner)
            {
                ReplacesOutdated = isOvertaken,
            };
            flight.TryJoin(out _);
            Flight[] next = [.. present.Where(other => !ReferenceEquals(other, shared)), flight];
            if (present.Length == 0 ? _flights.TryAdd(plan.Key.Key, next) : _flights.TryUpdate(plan.Key.Key, next, present))
            {
                return (
                    await WaitAsync(flight, plan.SoftTimeout, waiter, cancellationToken, begin: () => _ = RunAsync(flight, plan))
                        .ConfigureAwait(false)).Result;
            }
        }
    }

    private async Task RunAsync<T>(Flight<T> flight, FlightRequest<T> plan)
    {
        var wait = TimeSpan.Zero;
        await flight.RunAsync(
            plan.Body,
            succeeded =>
            {
                // Later calls do not join: a caller that sees a failure may retry at once.
                wait = succeeded ? plan.ReuseFor() : TimeSpan.Zero;
                if (wait <= TimeSpan.Zero)
                {
                    Remove(flight);
                }
            }).ConfigureAwait(false);
        _ = flight.Completion.Exception;   // observed, even if every caller has left
        if (wait > TimeSpan.Zero)
        {
            await Task.Delay(wait, time, CancellationToken.None).ConfigureAwait(false);
            Remove(flight);
        }
    }

    private async Task RefreshAsync<T>(Flight<T> flight, Func<Flight, ValueTask<CacheResult<T>>> body)
    {
        // the caller's code may take time before its first await
        await Task.CompletedTask.ConfigureAwait(ConfigureAwaitOptions.ForceYielding);
        await flight.RunAsync(body).ConfigureAwait(false);
        _ = flight.Completion.Exception;
        _refreshes.TryRemove(new KeyValuePair<string, Flight>(flight.Key.Key, flight));
    }

    // IsInstead: the result is the caller's fallback, not that of the flight.
    private async ValueTask<(CacheResult<T> Result, bool IsInstead)> WaitAsync<T>(
        Flight<T> flight, SoftTimeoutFallback<T>? fallback, Flight? waiter, CancellationToken cancellationToken, Action? begin = null)
    {
        try
        {
            BeginWait(waiter, flight);
            begin?.Invoke();
            if (fallback is not null
                && !await HasLandedAsync(flight, fallback.After, cancellationToken).ConfigureAwait(false)
                && fallback.Fallback() is { HasValue: true } instead)
            {
                // A later caller may use the result.
                flight.KeepRunning();
                return (instead, true);
            }

            return (await flight.Completion.WaitAsync(cancellationToken).ConfigureAwait(false), false);
        }
        finally
        {
            EndWait(waiter, flight);
            if (!flight.Completion.IsCompleted && flight.Leave())
            {
                Remove(flight);
            }
        }
    }

    private async ValueTask<bool> HasLandedAsync<T>(Flight<T> flight, TimeSpan after, CancellationToken cancellationToken)
    {
        var left = after - time.GetElapsedTime(flight.StartedAt);
        if (!flight.Completion.IsCompleted && left > TimeSpan.Zero)
        {
            await ((Task)flight.Completion).WaitAsync(left, time, cancellationToken).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            cancellationToken.ThrowIfCancellationRequested();
        }

        return flight.Completion.IsCompleted;
    }

    private void BeginWait(Flight? waiter, Flight flight)
    {
        if (waiter is null)
        {
            return;
        }

        lock (_waits)
        {
            if (Reaches(flight, waiter, []))
            {
                throw new InvalidOperationException(
                    "A factory requested its own key, or a key whose factory waits for it, and would wait forever. Inside "
                        + "a factory, request only keys that are created without this one, or call the source directly.")
                {
                    Data = { ["NearCache.Key"] = flight.Key.Key },
                };
            }

            waiter.WaitsFor.Add(flight);
        }
    }

    private void EndWait(Flight? waiter, Flight flight)
    {
        if (waiter is not null)
        {
            lock (_waits)
            {
                waiter.WaitsFor.Remove(flight);
            }
        }
    }

    // Requires _waits.
    private static bool Reaches(Flight from, Flight to, HashSet<Flight> seen) =>
        ReferenceEquals(from, to) || (seen.Add(from) && from.WaitsFor.Exists(next => Reaches(next, to, seen)));

    private void Remove(Flight flight)
    {
        var key = flight.Key.Key;
        while (_flights.TryGetValue(key, out var present) && Array.IndexOf(present, flight) >= 0)
        {
            var isGone = present.Length == 1
                ? _flights.TryRemove(new KeyValuePair<string, Flight[]>(key, present))
                : _flights.TryUpdate(key, Array.FindAll(present, other => !ReferenceEquals(other, flight)), present);
            if (isGone)
            {
                return;
            }
        }
    }
}
