using System.Collections.Concurrent;

namespace NearCache.Flights;

/// <summary>
/// The flights under way: at most one for a key, a type and a variant that a new caller may join, and at most one that refreshes a key in
/// the background.
/// </summary>
internal sealed class SingleFlight(TimeProvider time)
{
    // by key; the arrays are replaced, never changed
    private readonly ConcurrentDictionary<string, Flight[]> _flights = new(StringComparer.Ordinal);
    private readonly ConcurrentDictionary<string, Flight> _refreshes = new(StringComparer.Ordinal);
    private readonly TagRemovalCounts _tags = new();
    private readonly Lock _waits = new();   // guards which flights wait for which

    /// <summary>Joins the flight that a plan names, or begins it.</summary>
    /// <param name="plan">What the caller wants.</param>
    /// <param name="cancellationToken">Gives up this caller's wait.</param>
    /// <exception cref="InvalidOperationException">A factory asks for what waits for that factory.</exception>
    /// <remarks>A factory that calls this lends its place meanwhile.</remarks>
    public ValueTask<CacheResult<T>> JoinAsync<T>(FlightRequest<T> plan, CancellationToken cancellationToken) =>
        cancellationToken.IsCancellationRequested
        ? ValueTask.FromCanceled<CacheResult<T>>(cancellationToken)
        : FactoryPermit.Current is { HasEnded: false } place ? LendAsync(place, plan, cancellationToken) : JoinOrBeginAsync(
            plan, waiter: null, cancellationToken);

    /// <summary>Begins to refresh a key in the background, unless that is under way.</summary>
    /// <param name="name">What is refreshed.</param>
    /// <param name="body">What is done; its token is cancelled by <see cref="CancelRefreshes"/>.</param>
    /// <remarks>No call joins a refresh: its factory may have begun before a removal that the call comes after.</remarks>
    public void Refresh<T>(FlightKey name, Func<Flight, ValueTask<CacheResult<T>>> body)
    {
        var flight = new Flight<T>(name, tags: [], tagEpoch: 0, time);
        if (_refreshes.TryAdd(name.Key, flight))
        {
            _ = RefreshAsync(flight, body);
        }
    }

    /// <summary>The key was written or removed: no call from now on joins what began before.</summary>
    public void Forget(string key)
    {
        _flights.TryRemove(key, out _);
        _refreshes.TryRemove(key, out _);
    }

    /// <summary>The tag was removed: no call from now on joins what began before and has the tag.</summary>
    public void ForgetTag(string tag) => _tags.Advance(tag);

    /// <summary>Returns whether a flight of the same key is under way that makes a value of another type.</summary>
    public bool HasFlightOfAnotherType(FlightKey name) =>
        _flights.TryGetValue(name.Key, out var flights) && Array.Exists(flights, flight => flight.Key.Type != name.Type);

    /// <summary>Cancels what is refreshed in the background.</summary>
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

                Remove(shared);   // it may linger
                cancellationToken.ThrowIfCancellationRequested();
                continue;
            }

            // In the place of one whose tag was removed, or that all have left.
            var flight = new Flight<T>(plan.Key, plan.Tags, _tags.Of(plan.Tags), time, plan.CopyForJoiner) { ReplacesOutdated = isOvertaken };
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
                // A call that begins after this does not join: a caller that was told of a failure may try again at once.
                wait = succeeded ? plan.ReuseFor() : TimeSpan.Zero;
                if (wait <= TimeSpan.Zero)
                {
                    Remove(flight);
                }
            }).ConfigureAwait(false);
        _ = flight.Completion.Exception;   // seen, even if every caller has left
        if (wait > TimeSpan.Zero)
        {
            await Task.Delay(wait, time, CancellationToken.None).ConfigureAwait(false);
            Remove(flight);
        }
    }

    private async Task RefreshAsync<T>(Flight<T> flight, Func<Flight, ValueTask<CacheResult<T>>> body)
    {
        // the caller's code may take its time before its first await
        await Task.CompletedTask.ConfigureAwait(ConfigureAwaitOptions.ForceYielding);
        await flight.RunAsync(body).ConfigureAwait(false);
        _ = flight.Completion.Exception;
        _refreshes.TryRemove(new KeyValuePair<string, Flight>(flight.Key.Key, flight));
    }

    // Instead: it is not what the flight has brought, but what the caller took in its place.
    private async ValueTask<(CacheResult<T> Result, bool IsInstead)> WaitAsync<T>(
        Flight<T> flight, SoftTimeoutFallback<T>? meanwhile, Flight? waiter, CancellationToken cancellationToken, Action? begin = null)
    {
        try
        {
            BeginWait(waiter, flight);
            begin?.Invoke();
            if (meanwhile is not null
                && !await HasLandedAsync(flight, meanwhile.After, cancellationToken).ConfigureAwait(false)
                && meanwhile.Fallback() is { HasValue: true } instead)
            {
                // A later caller will want what it brings.
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
                    "A factory asked the cache for its own key, or for a key whose factory waits for it, and would wait for ever. Inside a factory, ask the cache only for keys that are made without this one, or call the source itself.")
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
