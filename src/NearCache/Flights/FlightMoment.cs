namespace NearCache.Flights;

/// <summary>A moment in the course of a flight, ordered among the others of the same flight.</summary>
/// <param name="Number">How many moments were taken until then, this one included.</param>
/// <param name="Timestamp">When it was.</param>
internal readonly record struct FlightMoment(int Number, long Timestamp)
{
    /// <summary>After every other.</summary>
    public static readonly FlightMoment Last = new(int.MaxValue, long.MaxValue);
}
