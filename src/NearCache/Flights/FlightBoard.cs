using System.Collections.Concurrent;

namespace NearCache.Flights;

/// <summary>
/// The flights under way: at most one for a key, a type and a variant that a new caller may join, and at most one that refreshes a key in
/// the background.
/// </summary>
internal sealed class FlightBoard(TimeProvider time)
{
    // by key; the arrays are replaced, never changed
    private readonly ConcurrentDictionary<string, Flight[]> _flights = new(StringComparer.Ordinal);
    private readonly ConcurrentDictionary<string, Flight> _refreshes = new(StringComparer.Ordinal);
    private readonly TagEpochs _tags = new();
    private readonly Lock _waits = new();   // guards which flights wait for which

    /// <summary>Joins the flight that a plan names, or begins it.</summary>
    /// <param name="plan">What the caller wants.</param>
    /// <param name="cancellationToken">Gives up this caller's wait.</param>
    /// <exception cref="InvalidOperationException">A factory asks for what waits for that factory.</exception>
    /// <remarks>A factory that calls this lends its place meanwhile.</remarks>
    public ValueTask<CacheResult<T>> JoinAsync<T>(FlightPlan<T> plan, CancellationToken cancellationToken) =>
        cancellationToken.IsCancellationRequested
        ? ValueTask.FromCanceled<CacheResult<T>>(cancellationToken)
        : FactoryPlace.Current is { IsOver: false } place ? LendAsync(place, plan, cancellationToken) : JoinOrBeginAsync(
            plan, waiter: null, cancellationToken);

    /// <summary>Begins to refresh a key in the background, unless that is under way.</summary>
    /// <param name="name">What is refreshed.</param>
    /// <param name="body">What is done; its token is cancelled by <see cref="EndRefreshes"/>.</param>
    /// <remarks>No call joins a refresh: its factory may have begun before a removal that the call comes after.</remarks>
    public void Refresh<T>(FlightName name, Func<Flight, ValueTask<CacheResult<T>>> body)
    {
        var flight = new Flight<T>(name, tags: [], tagEpoch: 0, time);
        if (_refreshes.TryAdd(name.Key, flight))
        {
            _ = RefreshAsync(flight, body);
        }
    }

    /// <summary>The key was written or removed: no call from now on joins what began before.</summary>
    public void Cut(string key)
    {
        _flights.TryRemove(key, out _);
        _refreshes.TryRemove(key, out _);
    }

    /// <summary>The tag was removed: no call from now on joins what began before and has the tag.</summary>
    public void CutTag(string tag) => _tags.Advance(tag);

    /// <summary>Returns whether a flight of the same key is under way that makes a value of another type.</summary>
    public bool HasAnotherType(FlightName name) =>
        _flights.TryGetValue(name.Key, out var flights) && Array.Exists(flights, flight => flight.Name.Type != name.Type);

    /// <summary>Cancels what is refreshed in the background.</summary>
    public void EndRefreshes()
    {
        foreach (var refresh in _refreshes.Values)
        {
            refresh.Abandon();
        }
    }

    private async ValueTask<CacheResult<T>> LendAsync<T>(FactoryPlace place, FlightPlan<T> plan, CancellationToken cancellationToken)
    {
        place.Lend();
        try
        {
            return await JoinOrBeginAsync(plan, place.Flight, cancellationToken).ConfigureAwait(false);
        }
        finally
        {
            await place.TakeBackAsync().ConfigureAwait(false);
        }
    }

    private async ValueTask<CacheResult<T>> JoinOrBeginAsync<T>(FlightPlan<T> plan, Flight? waiter, CancellationToken cancellationToken)
    {
        while (true)
        {
            var present = _flights.GetValueOrDefault(plan.Name.Key, []);
            var shared = Array.Find(present, flight => flight is Flight<T> && flight.Name == plan.Name) as Flight<T>;
            var isOvertaken = shared is not null && shared.TagEpoch != _tags.Of(shared.Tags);
            if (shared is not null && !isOvertaken && shared.TryBoard(out var boarded))
            {
                var (result, isInstead) = await WaitAsync(shared, plan.Meanwhile, waiter, cancellationToken).ConfigureAwait(false);
                if (isInstead || shared.IsGoodFor(boarded))
                {
                    return isInstead ? result : shared.ForAnother(result);
                }

                Remove(shared);   // it may linger
                cancellationToken.ThrowIfCancellationRequested();
                continue;
            }

            // In the place of one whose tag was removed, or that all have left.
            var flight = new Flight<T>(plan.Name, plan.Tags, _tags.Of(plan.Tags), time, plan.ForAnother) { HasOvertaken = isOvertaken };
            flight.TryBoard(out _);
            Flight[] next = [.. present.Where(other => !ReferenceEquals(other, shared)), flight];
            if (present.Length == 0 ? _flights.TryAdd(plan.Name.Key, next) : _flights.TryUpdate(plan.Name.Key, next, present))
            {
                return (
                    await WaitAsync(flight, plan.Meanwhile, waiter, cancellationToken, begin: () => _ = RunAsync(flight, plan))
                        .ConfigureAwait(false)).Result;
            }
        }
    }

    private async Task RunAsync<T>(Flight<T> flight, FlightPlan<T> plan)
    {
        var wait = TimeSpan.Zero;
        await flight.FlyAsync(
            plan.Body,
            succeeded =>
            {
                // A call that begins after this does not join: a caller that was told of a failure may try again at once.
                wait = succeeded ? plan.Linger() : TimeSpan.Zero;
                if (wait <= TimeSpan.Zero)
                {
                    Remove(flight);
                }
            }).ConfigureAwait(false);
        _ = flight.Landing.Exception;   // seen, even if every caller has left
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
        await flight.FlyAsync(body).ConfigureAwait(false);
        _ = flight.Landing.Exception;
        _refreshes.TryRemove(new KeyValuePair<string, Flight>(flight.Name.Key, flight));
    }

    // Instead: it is not what the flight has brought, but what the caller took in its place.
    private async ValueTask<(CacheResult<T> Result, bool IsInstead)> WaitAsync<T>(
        Flight<T> flight, Meanwhile<T>? meanwhile, Flight? waiter, CancellationToken cancellationToken, Action? begin = null)
    {
        try
        {
            BeginWait(waiter, flight);
            begin?.Invoke();
            if (meanwhile is not null
                && !await HasLandedAsync(flight, meanwhile.After, cancellationToken).ConfigureAwait(false)
                && meanwhile.Instead() is { HasValue: true } instead)
            {
                // A later caller will want what it brings.
                flight.Keep();
                return (instead, true);
            }

            return (await flight.Landing.WaitAsync(cancellationToken).ConfigureAwait(false), false);
        }
        finally
        {
            EndWait(waiter, flight);
            if (!flight.Landing.IsCompleted && flight.Leave())
            {
                Remove(flight);
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
                    Data = { ["NearCache.Key"] = flight.Name.Key },
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
        var key = flight.Name.Key;
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
