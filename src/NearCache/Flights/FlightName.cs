namespace NearCache.Flights;

/// <summary>What a flight is for. Calls that differ in any of it share no run of a factory.</summary>
/// <param name="Key">The key.</param>
/// <param name="Type">The type of the value.</param>
/// <param name="Variant">What else tells calls for one key and type apart, such as their flags.</param>
internal readonly record struct FlightName(string Key, Type Type, int Variant = 0);
