namespace NearCache.Flights;

/// <summary>A request to <see cref="SingleFlight"/>.</summary>
/// <param name="Key">The flight to join.</param>
/// <param name="Body">The work of the flight if it must be started. Its token is cancelled when no caller waits.</param>
internal sealed record FlightRequest<T>(FlightKey Key, Func<Flight, ValueTask<CacheResult<T>>> Body)
{
    /// <summary>Gets the tags of the value. After the removal of one of them no call joins the flight.</summary>
    public IReadOnlyList<string> Tags { get; init; } = [];

    /// <summary>
    /// Gets the function that returns how long callers may join after completion. Called when the body has succeeded, before any caller is
    /// notified.
    /// </summary>
    public Func<TimeSpan> ReuseFor { get; init; } = static () => TimeSpan.Zero;

    /// <summary>Gets the fallback of this caller when the flight is slow; null for none.</summary>
    public SoftTimeoutFallback<T>? SoftTimeout { get; init; }

    /// <summary>Gets the function that copies the result for joined callers; null to share it.</summary>
    public Func<CacheResult<T>, CacheResult<T>>? CopyForJoiner { get; init; }
}

/// <summary>The identity of a flight. Only equal calls share a run of a factory.</summary>
/// <param name="Key">The cache key.</param>
/// <param name="Type">The type of the value.</param>
/// <param name="Variant">Separates calls for one key and type that differ otherwise, for example in their flags.</param>
internal readonly record struct FlightKey(string Key, Type Type, int Variant = 0);

/// <summary>The fallback of a caller when its flight is slow.</summary>
/// <param name="After">The time since the start of the flight.</param>
/// <param name="Fallback">Returns the result; without a value the caller keeps waiting.</param>
internal sealed record SoftTimeoutFallback<T>(TimeSpan After, Func<CacheResult<T>> Fallback);
