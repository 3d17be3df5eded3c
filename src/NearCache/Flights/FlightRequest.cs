namespace NearCache.Flights;

/// <summary>What one call asks of the <see cref="SingleFlight"/>.</summary>
/// <param name="Key">Which flight it may join.</param>
/// <param name="Body">What the flight does if it is begun. Its token is cancelled when no caller waits any more.</param>
internal sealed record FlightRequest<T>(FlightKey Key, Func<Flight, ValueTask<CacheResult<T>>> Body)
{
    /// <summary>The tags of the value. After the removal of one of them no call joins the flight.</summary>
    public IReadOnlyList<string> Tags { get; init; } = [];

    /// <summary>
    /// Returns for how long after the landing callers may still have the result. Called when the body has succeeded, before any caller is
    /// told.
    /// </summary>
    public Func<TimeSpan> ReuseFor { get; init; } = static () => TimeSpan.Zero;

    /// <summary>What this caller takes rather than wait for long; null: nothing.</summary>
    public SoftTimeoutFallback<T>? SoftTimeout { get; init; }

    /// <summary>Makes of the flight's result what callers get that join it; null: the same.</summary>
    public Func<CacheResult<T>, CacheResult<T>>? CopyForJoiner { get; init; }
}

/// <summary>What a flight is for. Calls that differ in any of it share no run of a factory.</summary>
/// <param name="Key">The key.</param>
/// <param name="Type">The type of the value.</param>
/// <param name="Variant">What else tells calls for one key and type apart, such as their flags.</param>
internal readonly record struct FlightKey(string Key, Type Type, int Variant = 0);

/// <summary>What a caller takes instead when its flight is long under way.</summary>
/// <param name="After">How long after the flight's start.</param>
/// <param name="Fallback">What there is then; without a value the caller goes on waiting.</param>
internal sealed record SoftTimeoutFallback<T>(TimeSpan After, Func<CacheResult<T>> Fallback);
