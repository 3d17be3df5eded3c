namespace NearCache.Flights;

/// <summary>What a caller takes instead when its flight is long under way.</summary>
/// <param name="After">How long after the flight's start.</param>
/// <param name="Instead">What there is then; without a value the caller goes on waiting.</param>
internal sealed record Meanwhile<T>(TimeSpan After, Func<CacheResult<T>> Instead);
