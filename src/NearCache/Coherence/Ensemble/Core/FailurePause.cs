namespace NearCache.Coherence.Ensemble.Core;

/// <summary>
/// The pause of one kind of request after a failure. It doubles with each failure in a row, with jitter so that a fleet does not retry in
/// step.
/// </summary>
/// <remarks>Not thread-safe.</remarks>
/// <param name="first">The first pause, in milliseconds.</param>
/// <param name="longest">The longest pause, in milliseconds, before jitter.</param>
/// <param name="random">Spreads the pauses by ± 20 %.</param>
internal sealed class FailurePause(long first, long longest, Random random)
{
    private const double Spread = 0.2;
    private const int MaxDoublings = 30;

    /// <summary>Gets the failures since the last success.</summary>
    public int Failures { get; private set; }

    /// <summary>Gets the monotonic millisecond before which no request is sent; 0 if none has to wait.</summary>
    public long NotBefore { get; private set; }

    /// <summary>Returns how long the next request has to wait, in milliseconds.</summary>
    public long Wait(long now) => NotBefore > now ? NotBefore - now : 0;

    /// <summary>Records a failure, and lengthens the pause.</summary>
    public void Failed(long now)
    {
        var doubled = first * Math.Pow(2, Math.Min(Failures++, MaxDoublings));
        NotBefore = now + (long)(Math.Min(doubled, longest) * (1 - Spread + (2 * Spread * random.NextDouble())));
    }

    /// <summary>Records a success, and ends the pause.</summary>
    public void Passed() => (Failures, NotBefore) = (0, 0);

    /// <summary>Ends the pause, because the cause of the last failure has changed. The failures stay counted.</summary>
    public void End() => NotBefore = 0;
}
