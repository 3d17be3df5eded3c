using System.Diagnostics.CodeAnalysis;

namespace NearCache.Flights;

/// <summary>One run of a factory that several callers of the same key wait for.</summary>
/// <remarks>Cancelling a caller's token gives up that caller's wait. When the last caller has left, the factory's token is cancelled.</remarks>
[SuppressMessage("Design", "CA1001:Types that own disposable fields should be disposable", Justification = "Without a timer and a wait handle the source holds nothing to dispose.")]
internal abstract class Flight(long startedAt)
{
    private readonly Lock _lock = new();   // guards the count of callers
    private readonly CancellationTokenSource _abandoned = new();
    private int _callers;
    private bool _isOver;
    private bool _isKept;

    /// <summary>The timestamp of its start.</summary>
    public long StartedAt => startedAt;

    /// <summary>Cancelled when nobody waits any more.</summary>
    public CancellationToken Token => _abandoned.Token;

    /// <summary>Counts one more caller. False: everybody had left, or the flight is over; begin another.</summary>
    public bool TryBoard()
    {
        lock (_lock)
        {
            if (_isOver)
            {
                return false;
            }

            _callers++;
            return true;
        }
    }

    /// <summary>A caller stops waiting.</summary>
    /// <returns>Whether it was the last, so that the flight is over now.</returns>
    public bool Leave()
    {
        lock (_lock)
        {
            if (--_callers > 0 || _isOver || _isKept)
            {
                return false;
            }

            _isOver = true;
        }

        _abandoned.Cancel();
        return true;
    }

    /// <summary>It goes on when the last caller has left.</summary>
    public void Keep()
    {
        lock (_lock)
        {
            _isKept = true;
        }
    }

    /// <summary>Cancels it, whoever waits.</summary>
    public void Abandon()
    {
        lock (_lock)
        {
            _isOver = true;
        }

        _abandoned.Cancel();
    }
}

/// <summary>A flight that brings a <typeparamref name="T"/>.</summary>
internal sealed class Flight<T>(long startedAt, Func<CacheResult<T>, CacheResult<T>>? forAnother = null) : Flight(startedAt)
{
    private readonly TaskCompletionSource<CacheResult<T>> _landing = new(TaskCreationOptions.RunContinuationsAsynchronously);

    /// <summary>What it brings.</summary>
    public Task<CacheResult<T>> Landing => _landing.Task;

    /// <summary>The same for a caller who has joined: a value that can be changed is the first one's alone.</summary>
    public CacheResult<T> ForAnother(in CacheResult<T> result) => forAnother is null ? result : forAnother(result);

    /// <summary>Runs <paramref name="body"/> and lands with its outcome, whatever that is.</summary>
    /// <param name="body">What it does.</param>
    /// <param name="landing">Told whether it has succeeded, before anybody sees the outcome.</param>
    public async Task FlyAsync(Func<CancellationToken, ValueTask<CacheResult<T>>> body, Action<bool>? landing = null)
    {
        try
        {
            var result = await body(Token).ConfigureAwait(false);
            landing?.Invoke(true);
            _landing.TrySetResult(result);
        }
        catch (OperationCanceledException e)
        {
            landing?.Invoke(false);
            _landing.TrySetCanceled(e.CancellationToken);
        }
        catch (Exception e)
        {
            // Every caller sees the factory's own exception.
            landing?.Invoke(false);
            _landing.TrySetException(e);
        }
    }
}
