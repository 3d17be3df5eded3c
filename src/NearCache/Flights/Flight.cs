using System.Diagnostics.CodeAnalysis;

namespace NearCache.Flights;

/// <summary>One run of a factory that several callers of the same key wait for, as in Go's singleflight.</summary>
/// <remarks>
/// <para>Cancelling a caller's token ends that caller's wait. When the last caller has left, the factory's token is cancelled.</para>
/// <para>
/// The body marks the instant as of which its result is known to be current (<see cref="MarkCurrentAsOf"/>). A caller that joined later may
/// have begun after a removal that the result does not reflect. It does not receive the result, and starts again.
/// </para>
/// </remarks>
[SuppressMessage(
    "Design",
    "CA1001:Types that own disposable fields should be disposable",
    Justification = "Without a timer and a wait handle the source holds nothing to dispose.")]
internal abstract class Flight(FlightKey name, IReadOnlyList<string> tags, long tagEpoch, TimeProvider time)
{
    private readonly Lock _lock = new();   // guards the count of callers and the instants
    private readonly CancellationTokenSource _abandoned = new();
    private FlightInstant _asOf = FlightInstant.Last;
    private TimeSpan _slack;
    private int _moments;
    private int _callers;
    private bool _isOver;
    private bool _isKept;

    public FlightKey Key => name;

    /// <summary>Gets the tags of the created value.</summary>
    public IReadOnlyList<string> Tags => tags;

    /// <summary>Gets the removal count of its tags at the start.</summary>
    public long TagEpoch => tagEpoch;

    /// <summary>
    /// Gets a value indicating whether the flight replaces a running one whose tag was removed. The older flight may hold the key's lease,
    /// so waiting for its value is useless.
    /// </summary>
    public bool ReplacesOutdated { get; init; }

    /// <summary>Gets the timestamp of the start.</summary>
    public long StartedAt { get; } = time.GetTimestamp();

    /// <summary>Gets a token that is cancelled when no caller waits.</summary>
    public CancellationToken Token => _abandoned.Token;

    /// <summary>Gets the instant at which the factory last started.</summary>
    public FlightInstant FactoryStartedAt { get; private set; }

    /// <summary>Gets the flights that the factory waits for. Guarded by the lock of <see cref="SingleFlight"/>.</summary>
    public List<Flight> WaitsFor { get; } = [];

    /// <summary>Returns the current instant.</summary>
    public FlightInstant Now()
    {
        lock (_lock)
        {
            return new FlightInstant(++_moments, time.GetTimestamp());
        }
    }

    /// <summary>Records that the factory starts now.</summary>
    public void MarkFactoryStarted() => FactoryStartedAt = Now();

    /// <summary>
    /// Sets the instant as of which the result is known to be current. The last call counts. Without a call the result is current for every
    /// caller.
    /// </summary>
    /// <param name="asOf">The instant. Callers that joined before it receive the result.</param>
    /// <param name="slack">The time after that instant within which a joined caller still receives the result. Zero for none.</param>
    public void MarkCurrentAsOf(FlightInstant asOf, TimeSpan slack = default) => (_asOf, _slack) = (asOf, slack);

    /// <summary>Returns whether the result is current for a caller that joined at this instant. Requires a completed flight.</summary>
    public bool IsGoodFor(FlightInstant boarded) =>
        boarded.Number < _asOf.Number || (_slack > TimeSpan.Zero && time.GetElapsedTime(_asOf.Timestamp, boarded.Timestamp) <= _slack);

    /// <summary>Adds a caller. Returns false if the flight is over; begin another one then.</summary>
    public bool TryJoin(out FlightInstant boarded)
    {
        lock (_lock)
        {
            boarded = new FlightInstant(_moments, time.GetTimestamp());
            if (_isOver)
            {
                return false;
            }

            _callers++;
            return true;
        }
    }

    /// <summary>Removes a caller.</summary>
    /// <returns>True if it was the last, so that the flight is over.</returns>
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

        CancelToken();
        return true;
    }

    /// <summary>Keeps the flight running after its last caller has left.</summary>
    public void KeepRunning()
    {
        lock (_lock)
        {
            _isKept = true;
        }
    }

    /// <summary>Cancels the flight, whether or not callers wait.</summary>
    public void Cancel()
    {
        lock (_lock)
        {
            _isOver = true;
        }

        CancelToken();
    }

    // Callbacks that the factory registered on its token run here. A factory that ends at once has then released its lease before its
    // callers continue.
    private void CancelToken()
    {
        try
        {
            _abandoned.Cancel();
        }
        catch (AggregateException)
        {
            // Thrown by a callback of the factory; neither a caller nor disposal must see it.
        }
    }
}

/// <summary>A flight with a result of type <typeparamref name="T"/>.</summary>
internal sealed class Flight<T>(
    FlightKey name, IReadOnlyList<string> tags, long tagEpoch, TimeProvider time, Func<CacheResult<T>, CacheResult<T>>? forAnother = null)
    : Flight(name, tags, tagEpoch, time)
{
    private readonly TaskCompletionSource<CacheResult<T>> _landing = new(TaskCreationOptions.RunContinuationsAsynchronously);

    /// <summary>Gets the task of the result.</summary>
    public Task<CacheResult<T>> Completion => _landing.Task;

    /// <summary>Returns the result for a joined caller: a copy if the first caller may change its instance.</summary>
    public CacheResult<T> CopyFor(in CacheResult<T> result) => forAnother is null ? result : forAnother(result);

    /// <summary>Runs <paramref name="body"/>, and completes with its outcome.</summary>
    /// <param name="body">The work.</param>
    /// <param name="landing">Called with the success before any caller sees the outcome.</param>
    public async Task RunAsync(Func<Flight, ValueTask<CacheResult<T>>> body, Action<bool>? landing = null)
    {
        try
        {
            var result = await body(this).ConfigureAwait(false);
            landing?.Invoke(true);
            _landing.TrySetResult(result);
        }
        catch (Exception e)
        {
            // Every caller sees the exception of the factory, even one that reports a cancellation: a caller's own token only ends its
            // wait.
            landing?.Invoke(false);
            _landing.TrySetException(e);

            // observed, because every caller may have left
            _ = _landing.Task.Exception;
        }
    }
}

/// <summary>An instant of a flight, ordered among those of the same flight.</summary>
/// <param name="Number">The number of instants taken so far, including this one.</param>
/// <param name="Timestamp">The timestamp.</param>
internal readonly record struct FlightInstant(int Number, long Timestamp)
{
    /// <summary>The instant after every other.</summary>
    public static readonly FlightInstant Last = new(int.MaxValue, long.MaxValue);
}
