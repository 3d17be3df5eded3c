namespace NearCache.Coherence.Ensemble.Core;

/// <summary>
/// How long requests of one kind pause after a failure: the pause doubles with each failure in a row, and is spread at random so that a
/// fleet does not ask in step.
/// </summary>
/// <remarks>One caller at a time.</remarks>
/// <param name="first">The first pause, in milliseconds.</param>
/// <param name="longest">The longest one, in milliseconds, before it is spread.</param>
/// <param name="random">Spreads the pauses by ± 20 %.</param>
internal sealed class FailurePause(long first, long longest, Random random)
{
    private const double Spread = 0.2;
    private const int MostDoublings = 30;

    /// <summary>Failures since the last success.</summary>
    public int Failures { get; private set; }

    /// <summary>The monotonic millisecond before which no request is sent; 0: none waits.</summary>
    public long NotBefore { get; private set; }

    /// <summary>How long the next request waits, in milliseconds.</summary>
    public long Wait(long now) => NotBefore > now ? NotBefore - now : 0;

    /// <summary>A request failed.</summary>
    public void Failed(long now)
    {
        var doubled = first * Math.Pow(2, Math.Min(Failures++, MostDoublings));
        NotBefore = now + (long)(Math.Min(doubled, longest) * (1 - Spread + (2 * Spread * random.NextDouble())));
    }

    /// <summary>A request succeeded.</summary>
    public void Passed() => (Failures, NotBefore) = (0, 0);

    /// <summary>What made the last request fail has changed: the next one need not wait. The failures stay counted.</summary>
    public void End() => NotBefore = 0;
}
