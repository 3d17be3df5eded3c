namespace NearCache.Coherence.Core;

/// <summary>An instant on both clocks of the machine, in milliseconds.</summary>
/// <param name="Monotonic">
/// The monotonic clock. It is never set back, but stops while the machine is suspended. Its zero is arbitrary.
/// </param>
/// <param name="Wall">The wall clock, in UTC since 1 January 1970. It runs while the machine is suspended, but can be set.</param>
internal readonly record struct Timestamps(long Monotonic, long Wall)
{
    /// <summary>Gets an instant before all others: no lifetime counted from it reaches a real instant.</summary>
    public static Timestamps Never => new(long.MinValue / 2, long.MinValue / 2);

    /// <summary>Returns the instant so many milliseconds later.</summary>
    public Timestamps Plus(long milliseconds) => new(Monotonic + milliseconds, Wall + milliseconds);
}
