namespace NearCache.Coherence.Core;

/// <summary>An instant on both clocks of the machine, in milliseconds.</summary>
/// <param name="Monotonic">Never set back, but stands still while the machine is suspended. Its zero is arbitrary.</param>
/// <param name="Wall">Goes on while the machine is suspended, but can be set. Since 1 January 1970, UTC.</param>
internal readonly record struct Timestamps(long Monotonic, long Wall)
{
    /// <summary>Before everything: no lifetime counted from here reaches any other moment.</summary>
    public static Timestamps Never => new(long.MinValue / 2, long.MinValue / 2);

    /// <summary>This moment, so many milliseconds later.</summary>
    public Timestamps Plus(long milliseconds) => new(Monotonic + milliseconds, Wall + milliseconds);
}
