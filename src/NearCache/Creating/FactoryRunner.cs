using NearCache.Diagnostics;
using NearCache.Flights;
using NearCache.Memcached;

namespace NearCache.Creating;

/// <summary>Runs callers' factories: so many at once, each for so long.</summary>
internal sealed class FactoryRunner(FactoryLimiter gate, TimeProvider time, NearCacheMetrics metrics)
{
    /// <summary>Runs one for a flight when its turn has come.</summary>
    /// <exception cref="FactoryTimeoutException">It did not end in time; its place is taken until it has.</exception>
    public ValueTask<T> RunAsync<TState, T>(
        Flight flight,
        TState state,
        Func<TState, CancellationToken, ValueTask<T>> factory,
        TimeSpan? limit,
        CancellationToken cancellationToken) =>
        limit is { } most
            ? RunWithTimeoutAsync(flight, state, factory, most, cancellationToken)
            : RunWithoutTimeoutAsync(flight, state, factory, cancellationToken);

    private async ValueTask<T> RunWithoutTimeoutAsync<TState, T>(
        Flight flight, TState state, Func<TState, CancellationToken, ValueTask<T>> factory, CancellationToken cancellationToken)
    {
        await gate.AcquireAsync(cancellationToken).ConfigureAwait(false);
        var place = new FactoryPermit(gate, flight, cancellationToken);
        FactoryPermit.Current = place;
        flight.MarkFactoryStarted();
        var started = time.GetTimestamp();
        var outcome = "failed";
        using var activity = NearCacheTraces.BeginFactory();
        try
        {
            var value = await factory(state, cancellationToken).ConfigureAwait(false);
            outcome = "returned";
            return value;
        }
        catch (Exception e)
        {
            activity?.SetError(e);
            throw;
        }
        finally
        {
            place.Release();
            metrics.FactoryRan(outcome, time.GetElapsedTime(started));
        }
    }

    private async ValueTask<T> RunWithTimeoutAsync<TState, T>(
        Flight flight,
        TState state,
        Func<TState, CancellationToken, ValueTask<T>> factory,
        TimeSpan limit,
        CancellationToken cancellationToken)
    {
        // A linked source would run what the factory registered with its token on the timer's thread, where an exception ends the process.
        // It holds neither a timer nor a wait handle.
        using var over = new CancellationTokenSource(limit, time);
        var either = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        await using var cancelling = over.Token.UnsafeRegister(
            static either => ((CancellationTokenSource)either!).CancelAsync().Abandon(), either).ConfigureAwait(false);
        var run = RunWithoutTimeoutAsync(flight, state, factory, either.Token).AsTask();
        try
        {
            // A factory that does not look at its token is left behind.
            return await run.WaitOrAbandonAsync(either.Token).ConfigureAwait(false);
        }
        catch (OperationCanceledException e) when (over.IsCancellationRequested && !cancellationToken.IsCancellationRequested)
        {
            metrics.FactoryGivenUp();
            throw new FactoryTimeoutException(
                $"The factory did not end within {limit} (FactoryTimeout); what it may still return is kept nowhere.", e);
        }
    }
}
