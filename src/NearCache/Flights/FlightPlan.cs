namespace NearCache.Flights;

/// <summary>What one call asks of the <see cref="FlightBoard"/>.</summary>
/// <param name="Name">Which flight it may join.</param>
/// <param name="Body">What the flight does if it is begun. Its token is cancelled when no caller waits any more.</param>
internal sealed record FlightPlan<T>(FlightName Name, Func<Flight, ValueTask<CacheResult<T>>> Body)
{
    /// <summary>The tags of the value. After the removal of one of them no call joins the flight.</summary>
    public IReadOnlyList<string> Tags { get; init; } = [];

    /// <summary>
    /// Returns for how long after the landing callers may still have the result. Called when the body has succeeded, before any caller is
    /// told.
    /// </summary>
    public Func<TimeSpan> Linger { get; init; } = static () => TimeSpan.Zero;

    /// <summary>What this caller takes rather than wait for long; null: nothing.</summary>
    public Meanwhile<T>? Meanwhile { get; init; }

    /// <summary>Makes of the flight's result what callers get that join it; null: the same.</summary>
    public Func<CacheResult<T>, CacheResult<T>>? ForAnother { get; init; }
}
