using System.Diagnostics.CodeAnalysis;

namespace NearCache.Flights;

/// <summary>One run of a factory that several callers of the same key wait for.</summary>
/// <remarks>
/// <para>Cancelling a caller's token gives up that caller's wait. When the last caller has left, the factory's token is cancelled.</para>
/// <para>
/// The body says as of which moment its result is known to be current (<see cref="MarkCurrentAsOf"/>). A caller that boarded later may have begun its
/// call after a removal that the result does not know of: it does not get the result, and asks again.
/// </para>
/// </remarks>
[SuppressMessage("Design", "CA1001:Types that own disposable fields should be disposable", Justification = "Without a timer and a wait handle the source holds nothing to dispose.")]
internal abstract class Flight(FlightKey name, IReadOnlyList<string> tags, long tagEpoch, TimeProvider time)
{
    private readonly Lock _lock = new();   // guards the count of callers and the moments
    private readonly CancellationTokenSource _abandoned = new();
    private FlightInstant _asOf = FlightInstant.Last;
    private TimeSpan _slack;
    private int _moments;
    private int _callers;
    private bool _isOver;
    private bool _isKept;

    public FlightKey Key => name;

    /// <summary>The tags of what it makes.</summary>
    public IReadOnlyList<string> Tags => tags;

    /// <summary>The epoch of its tags when it began.</summary>
    public long TagEpoch => tagEpoch;

    /// <summary>
    /// Whether it stands in the place of a flight that goes on, a tag of which was removed: that flight may hold the key's right to fill,
    /// and there is no point in waiting for what it makes.
    /// </summary>
    public bool ReplacesOutdated { get; init; }

    /// <summary>The timestamp of its start.</summary>
    public long StartedAt { get; } = time.GetTimestamp();

    /// <summary>Cancelled when no caller waits any more.</summary>
    public CancellationToken Token => _abandoned.Token;

    /// <summary>When its factory began, last.</summary>
    public FlightInstant FactoryStartedAt { get; private set; }

    /// <summary>The flights that its factory waits for. Guarded by the board's lock for that.</summary>
    public List<Flight> WaitsFor { get; } = [];

    /// <summary>Returns the moment of now.</summary>
    public FlightInstant Now()
    {
        lock (_lock)
        {
            return new FlightInstant(++_moments, time.GetTimestamp());
        }
    }

    /// <summary>Notes that the factory begins now.</summary>
    public void MarkFactoryStarted() => FactoryStartedAt = Now();

    /// <summary>
    /// Says as of which moment the result is known to be current. The last call counts; without any, the result is good for every caller.
    /// </summary>
    /// <param name="asOf">The moment: callers that boarded before it get the result.</param>
    /// <param name="slack">How long after that moment a caller may have boarded and still gets the result. Zero: not at all.</param>
    public void MarkCurrentAsOf(FlightInstant asOf, TimeSpan slack = default) => (_asOf, _slack) = (asOf, slack);

    /// <summary>Returns whether the result is good for a caller that boarded at this moment. Requires that the flight has landed.</summary>
    public bool IsGoodFor(FlightInstant boarded) =>
        boarded.Number < _asOf.Number || (_slack > TimeSpan.Zero && time.GetElapsedTime(_asOf.Timestamp, boarded.Timestamp) <= _slack);

    /// <summary>Counts one more caller. False: all had left, or the flight is over; begin another.</summary>
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

        CancelToken();
        return true;
    }

    /// <summary>Lets it go on when the last caller has left.</summary>
    public void KeepRunning()
    {
        lock (_lock)
        {
            _isKept = true;
        }
    }

    /// <summary>Cancels it, whether or not callers wait.</summary>
    public void Cancel()
    {
        lock (_lock)
        {
            _isOver = true;
        }

        CancelToken();
    }

    // What the factory registered with its token runs here, so that a factory that ends at once has given its right back before its callers
    // go on.
    private void CancelToken()
    {
        try
        {
            _abandoned.Cancel();
        }
        catch (AggregateException)
        {
            // Thrown by what the factory registered: neither a caller nor disposal is to see it.
        }
    }
}

/// <summary>A flight that brings a <typeparamref name="T"/>.</summary>
internal sealed class Flight<T>(
    FlightKey name, IReadOnlyList<string> tags, long tagEpoch, TimeProvider time, Func<CacheResult<T>, CacheResult<T>>? forAnother = null)
    : Flight(name, tags, tagEpoch, time)
{
    private readonly TaskCompletionSource<CacheResult<T>> _landing = new(TaskCreationOptions.RunContinuationsAsynchronously);

    /// <summary>What it brings.</summary>
    public Task<CacheResult<T>> Completion => _landing.Task;

    /// <summary>The same for a caller that has joined: a value that can be changed is the first caller's alone.</summary>
    public CacheResult<T> CopyFor(in CacheResult<T> result) => forAnother is null ? result : forAnother(result);

    /// <summary>Runs <paramref name="body"/> and lands with its outcome, whatever that is.</summary>
    /// <param name="body">What it does.</param>
    /// <param name="landing">Told whether it has succeeded, before any caller sees the outcome.</param>
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
            // Every caller sees the factory's own exception, also one that says that something was cancelled: a caller's own token ends its
            // wait, and nothing else.
            landing?.Invoke(false);
            _landing.TrySetException(e);

            // Every caller may have given up.
            _ = _landing.Task.Exception;
        }
    }
}

/// <summary>A moment in the course of a flight, ordered among the others of the same flight.</summary>
/// <param name="Number">How many moments were taken until then, this one included.</param>
/// <param name="Timestamp">When it was.</param>
internal readonly record struct FlightInstant(int Number, long Timestamp)
{
    /// <summary>After every other.</summary>
    public static readonly FlightInstant Last = new(int.MaxValue, long.MaxValue);
}
