using NearCache.Diagnostics;
using NearCache.Flights;
using NearCache.Memcached;

namespace NearCache.Creating;

/// <summary>Runs callers' factories, with a limit of concurrent runs and of their duration.</summary>
internal sealed class FactoryRunner(FactoryLimiter gate, TimeProvider time, NearCacheMetrics metrics)
{
    /// <summary>Runs a factory for a flight, in its turn.</summary>
    /// <exception cref="FactoryTimeoutException">The factory exceeded the limit. It occupies its permit until it ends.</exception>
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
        // A linked source would run callbacks that the factory registered on its token on the timer thread, where an exception ends the
        // process. The source holds neither a timer nor a wait handle.
        using var over = new CancellationTokenSource(limit, time);
        var either = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        await using var cancelling = over.Token.UnsafeRegister(
            static either => ((CancellationTokenSource)either!).CancelAsync().Abandon(), either).ConfigureAwait(false);
        var run = RunWithoutTimeoutAsync(flight, state, factory, either.Token).AsTask();
        try
        {
            // A factory that ignores its token is left running.
            return await run.WaitOrAbandonAsync(either.Token).ConfigureAwait(false);
        }
        catch (OperationCanceledException e) when (over.IsCancellationRequested && !cancellationToken.IsCancellationRequested)
        {
            metrics.FactoryGivenUp();
            throw new FactoryTimeoutException(
                $"The factory did not end within {limit} (FactoryTimeout); a later result is discarded.", e);
        }
    }
}
