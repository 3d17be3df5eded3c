namespace NearCache.HotKeys.Core;

/// <summary>Weighs events by their time, so that a sum of weights is a count that decays.</summary>
/// <remarks>
/// Forward decay (Cormode, Shkapenyuk, Srivastava, Xu: "Forward Decay: A Practical Time Decay Model for Streaming Systems", ICDE 2009,
/// https://doi.org/10.1109/ICDE.2009.65): instead of lowering every sum as time passes, later events weigh more. Not thread-safe.
/// </remarks>
/// <param name="now">The monotonic millisecond at which counting begins.</param>
internal sealed class ForwardDecay(long now)
{
    /// <summary>The time after which an event counts half, in milliseconds. After a minute it counts an eighth.</summary>
    public const long HalfLife = 20_000;

    // Sums of such weights are far from the limits of a double.
    private const double MaxWeight = 1L << 40;

    // The shortest time that a rate is computed for, in milliseconds.
    private const long ShortestAge = 1000;

    private readonly long _began = now;
    private long _landmark = now;
    private long _now = now;

    /// <summary>Gets the weight of an event now.</summary>
    public double Weight { get; private set; } = 1;

    /// <summary>Gets the time since counting began, in milliseconds.</summary>
    public long Age => _now - _began;

    /// <summary>Advances the time.</summary>
    /// <param name="now">The monotonic millisecond.</param>
    /// <returns>The factor by which the owner must multiply all its sums; 1 in almost all cases.</returns>
    public double Advance(long now)
    {
        _now = Math.Max(now, _now);
        Weight = Math.Pow(2, (_now - _landmark) / (double)HalfLife);
        if (Weight < MaxWeight)
        {
            return 1;
        }

        var factor = 1 / Weight;
        (_landmark, Weight) = (_now, 1);
        return factor;
    }

    /// <summary>Returns the part that remains of events which were spread evenly over a time that ends now.</summary>
    /// <param name="milliseconds">The time.</param>
    public static double Remaining(long milliseconds)
    {
        var lives = Math.Log(2) * milliseconds / HalfLife;
        return lives < 1e-6 ? 1 : (1 - Math.Exp(-lives)) / lives;
    }

    /// <summary>Returns the events per second of a sum of weights, as if counting had not just begun.</summary>
    public double RateOf(double sum)
    {
        var counted = 1 - Math.Pow(2, -Math.Max(Age, ShortestAge) / (double)HalfLife);
        return sum / Weight * (Math.Log(2) * 1000 / HalfLife) / counted;
    }
}
